import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { AuthGuard } from './auth.guard.js';
import { BodyGuard } from './body.guard.js';
import { IdpStrategy } from './idp.strategy.js';
import { issuerProvider } from './keys/issuer.js';
import { IssuerKeys } from './keys/issuer-keys.js';
import { JwtStrategy } from './jwt.strategy.js';
import { LinkRequestsController } from './link-requests/link-requests.controller.js';
import { LinkRequests } from './link-requests/link-requests.js';
import { WhoAsks } from './link-requests/who-asks.js';
import { LinkMail } from './mail/link-mail.js';
import { Mail } from './mail/mail.js';
import { PeopleController } from './people/people.controller.js';
import { PeopleService } from './people/people.service.js';
import { SessionsController } from './sign-in/sessions.controller.js';
import { Sessions } from './sign-in/sessions.js';
import { SignInController } from './sign-in/sign-in.controller.js';
import { SignIn } from './sign-in/sign-in.js';
import { SigningKeysController } from './keys/signing-keys.controller.js';
import { SigningKeys } from './keys/signing-keys.js';
import { CurrentRights } from './current-rights.js';
import { StreamTokens } from './tokens/stream-tokens.js';
import { TokenFiles } from './tokens/token-files.js';
import { TokenMint } from './tokens/token-mint.js';
import { TokenRollsController } from './tokens/token-rolls.controller.js';
import { TokenRolls } from './tokens/token-rolls.js';
import { TokenVerifier } from './tokens/token-verifier.js';
import { TokensController } from './tokens/tokens.controller.js';
import { TokensService } from './tokens/tokens.service.js';
import { Views } from './tokens/views.js';

/** Access control. Every request passes its guard; every module may then ask for the {@link Principal}. */
@Module({
  imports: [PassportModule],
  controllers: [
    TokensController,
    TokenRollsController,
    SigningKeysController,
    SessionsController,
    SignInController,
    PeopleController,
    LinkRequestsController,
  ],
  providers: [
    issuerProvider,
    SigningKeys,
    IssuerKeys,
    TokenMint,
    TokenVerifier,
    CurrentRights,
    TokensService,
    TokenRolls,
    StreamTokens,
    Views,
    PeopleService,
    Mail,
    LinkMail,
    WhoAsks,
    LinkRequests,
    Sessions,
    SignIn,
    TokenFiles,
    JwtStrategy,
    IdpStrategy,
    // Nest runs the guards in this order.
    { provide: APP_GUARD, useClass: AuthGuard },
    { provide: APP_GUARD, useClass: BodyGuard },
  ],
  exports: [TokensService, StreamTokens, CurrentRights, SignIn, LinkRequests, TokenFiles],
})
export class AuthModule {}
