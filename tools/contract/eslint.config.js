// The rules that the published schemas keep: those of GraphQL ESLint for schemas and for
// Relay. Each that is left out, or has an exception, says why.
import graphql from '@graphql-eslint/eslint-plugin'

const rules = {
  ...graphql.configs['flat/schema-recommended'].rules,
  ...graphql.configs['flat/schema-relay'].rules,
  '@graphql-eslint/description-style': ['error', { style: 'block' }],
  '@graphql-eslint/input-name': ['error', { checkQueries: false, checkMutations: true, caseSensitiveInputType: true }],
  '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
  '@graphql-eslint/require-deprecation-date': 'error',
  '@graphql-eslint/require-deprecation-reason': 'error',
  '@graphql-eslint/require-description': ['error', { rootField: true, types: true, EnumValueDefinition: true, FieldDefinition: true, InputValueDefinition: true, DirectiveDefinition: true }],
  // What has an identity is a Node and has an id; payloads, inputs and values have none.
  '@graphql-eslint/strict-id-in-types': 'off',
  // Bounded lists that are part of an object (labels, tiers) are plain; lists that grow are
  // connections, whose nodes give the objects without their edges.
  '@graphql-eslint/relay-edge-types': ['error', { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false }],
}

// Not chosen: alphabetize (fields stand in the order in which they are read),
// no-root-type (all three root types are wanted), require-field-of-type-query-in-mutation-result
// (payloads carry every object that changed) and require-nullable-result-in-root (a list that
// cannot be read is an error of the operation).

export default ['schema.graphql', 'schema.portal.graphql', 'schema.approver.graphql', 'schema.public.graphql'].map((file) => ({
  files: [file],
  plugins: { '@graphql-eslint': graphql },
  languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: file } } },
  rules,
}))
