#!/bin/sh
# Run once by the database's container, when it is made: a role for Grafana that may read what Davy writes, and nothing else.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$(cat /run/secrets/davy-grafana-password)" <<'SQL'
CREATE ROLE davy_grafana LOGIN PASSWORD :'password';
GRANT CONNECT ON DATABASE davy TO davy_grafana;
ALTER DEFAULT PRIVILEGES FOR ROLE davy GRANT USAGE ON SCHEMAS TO davy_grafana;
ALTER DEFAULT PRIVILEGES FOR ROLE davy GRANT SELECT ON TABLES TO davy_grafana;
ALTER ROLE davy_grafana SET default_transaction_read_only = on;
ALTER ROLE davy_grafana SET statement_timeout = '30s';
SQL
