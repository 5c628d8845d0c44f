-- Create "gate_callers" table
CREATE TABLE `gate_callers` (`id` uuid NOT NULL, `node_id` uuid NOT NULL, `organization_id` uuid NOT NULL, `token_id` uuid NOT NULL, `seen` json NOT NULL, `stored_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- Create index "gatecaller_organization_id_token_id" to table: "gate_callers"
CREATE INDEX `gatecaller_organization_id_token_id` ON `gate_callers` (`organization_id`, `token_id`);
