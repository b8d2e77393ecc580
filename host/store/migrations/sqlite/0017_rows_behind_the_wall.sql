-- PostgreSQL only: migrations 7 and 8 saw no rows there.
SELECT 1;
