export function BrandMark() {
  return <img className="brand-mark" src="/favicon.svg" alt="" width="32" height="32" />;
}
