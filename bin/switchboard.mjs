#!/usr/bin/env node
// The operators' command line.
import { build } from './built.mjs';

build();
await import('../dist/cli/main.js');
