import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const MOMENTS =
  'How long something takes is told by performance.now(); common/moment.ts (on the page: common/clock.ts) names moments.';
const WALL_CLOCK = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: MOMENTS },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: MOMENTS },
];
const SPREAD_LITERALS = ['ArrayExpression', 'ObjectExpression'].map((literal) => ({
  selector: `SpreadElement[argument.type='${literal}']`,
  message: 'A literal that is spread only steers the formatter, and costs a copy: write its elements.',
}));

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/database/generated', '.switchboard', 'coverage'] },
  eslint.configs.recommended,
  { rules: { 'no-restricted-syntax': ['error', ...SPREAD_LITERALS] } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
    },
  },
  {
    // Clocks jump, both ways: what measures a duration by one waits too long, or not at all.
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: ['src/common/moment.ts', 'src/dashboard/app/**', 'src/cli/**'],
    rules: { 'no-restricted-syntax': ['error', ...SPREAD_LITERALS, ...WALL_CLOCK] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/dashboard/app/**'],
    rules: { 'max-lines-per-function': ['error', 40] },
  },
  {
    files: ['src/dashboard/app/**'],
    ignores: ['src/dashboard/app/common/clock.ts'],
    rules: { 'no-restricted-syntax': ['error', ...SPREAD_LITERALS, WALL_CLOCK[0]] },
  },
  {
    // Jest's own matchers (expect.any, expect.objectContaining) are typed as `any`.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly', setTimeout: 'readonly',
        clearTimeout: 'readonly', setInterval: 'readonly', clearInterval: 'readonly', performance: 'readonly', fetch: 'readonly', AbortController: 'readonly', AbortSignal: 'readonly', setImmediate: 'readonly', TextDecoder: 'readonly',
        Response: 'readonly' },
    },
  },
); // prettier-ignore
