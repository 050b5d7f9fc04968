#!/bin/sh
# Run once by PostgreSQL's image on an empty volume: the owner migrates and provisions, the
# application's role owns nothing and may only become the roles of organisations.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$OWNER_DATABASE_PASSWORD" --set application="$APPLICATION_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE invoicepatch_owner LOGIN CREATEDB CREATEROLE PASSWORD :'owner';
CREATE ROLE invoicepatch LOGIN NOINHERIT PASSWORD :'application';
CREATE DATABASE invoicepatch OWNER invoicepatch_owner ENCODING 'UTF8' LOCALE_PROVIDER builtin
  BUILTIN_LOCALE 'C.UTF-8' TEMPLATE template0;
SQL
