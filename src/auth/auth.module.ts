import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { AuthGuard } from './auth.guard.js';
import { JwtStrategy } from './jwt.strategy.js';
import { SigningKeys } from './signing-keys.js';
import { StreamTokens } from './stream-tokens.js';
import { TokenFiles } from './token-files.js';
import { TokensController } from './tokens.controller.js';
import { TokensService } from './tokens.service.js';

/** Who may do what. Every request passes its guard; every room below it may ask for the {@link Principal}. */
@Module({
  imports: [PassportModule],
  controllers: [TokensController],
  providers: [
    SigningKeys,
    TokensService,
    StreamTokens,
    TokenFiles,
    JwtStrategy,
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [SigningKeys, TokensService, StreamTokens, TokenFiles],
})
export class AuthModule {}
