-- How many agents each tenant owns, and another number whenever that set changes: so that who was told what a tenant owns is found
-- to be out of date without reading the set. Kept by triggers: whatever changes an owner is counted, also another version of this product.
CREATE TABLE "tenant_agents" (
    "tenant_id" TEXT NOT NULL,
    "agents" INTEGER NOT NULL,
    "revision" BIGINT NOT NULL,

    CONSTRAINT "tenant_agents_pkey" PRIMARY KEY ("tenant_id")
);

ALTER TABLE "tenant_agents" ADD CONSTRAINT "tenant_agents_tenant_id_fkey"
    FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Nobody changes an owner between the count and the triggers.
LOCK TABLE "agents" IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO "tenant_agents" ("tenant_id", "agents", "revision")
SELECT tenant_id, count(*), 1 FROM "agents" WHERE tenant_id IS NOT NULL GROUP BY tenant_id;

-- Of a tenant that is going, too, of which no row is left.
CREATE FUNCTION note_agents(p_tenants text[], p_changes integer[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO tenant_agents AS a (tenant_id, agents, revision)
  SELECT c.tenant_id, greatest(0, sum(c.change)), 1
  FROM unnest(p_tenants, p_changes) AS c(tenant_id, change) JOIN tenants t ON t.id = c.tenant_id
  GROUP BY c.tenant_id ORDER BY c.tenant_id
  ON CONFLICT (tenant_id) DO UPDATE SET revision = a.revision + 1,
    agents = a.agents + (SELECT sum(c.change) FROM unnest(p_tenants, p_changes) AS c(tenant_id, change)
                         WHERE c.tenant_id = a.tenant_id)
$$;

CREATE FUNCTION agents_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_agents(array_agg(tenant_id), array_agg(1)) FROM new_agents WHERE tenant_id IS NOT NULL;
  RETURN NULL;
END $$;

CREATE FUNCTION agents_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_agents(array_agg(tenant_id), array_agg(-1)) FROM old_agents WHERE tenant_id IS NOT NULL;
  RETURN NULL;
END $$;

CREATE FUNCTION agents_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_agents(array_agg(c.tenant_id), array_agg(c.change)) FROM (
    SELECT o.tenant_id, -1 AS change FROM old_agents o LEFT JOIN new_agents n USING (name)
    WHERE o.tenant_id IS NOT NULL AND o.tenant_id IS DISTINCT FROM n.tenant_id
    UNION ALL
    SELECT n.tenant_id, 1 FROM new_agents n LEFT JOIN old_agents o USING (name)
    WHERE n.tenant_id IS NOT NULL AND n.tenant_id IS DISTINCT FROM o.tenant_id
  ) c;
  RETURN NULL;
END $$;

CREATE TRIGGER agents_inserted AFTER INSERT ON "agents" REFERENCING NEW TABLE AS new_agents
    FOR EACH STATEMENT EXECUTE FUNCTION agents_inserted();
CREATE TRIGGER agents_deleted AFTER DELETE ON "agents" REFERENCING OLD TABLE AS old_agents
    FOR EACH STATEMENT EXECUTE FUNCTION agents_deleted();
CREATE TRIGGER agents_updated AFTER UPDATE ON "agents" REFERENCING OLD TABLE AS old_agents NEW TABLE AS new_agents
    FOR EACH STATEMENT EXECUTE FUNCTION agents_updated();
