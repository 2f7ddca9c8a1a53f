-- revision: 0a1b2c3d4e5f
-- parent: none

--
-- PostgreSQL database dump
--

\restrict b9Yh3nJxkQbNV0zVYcW8l1m5nSxwzO2dTqUe7pAfRk6iGtHsLjMoPvXrCyEuDaB

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TABLE public.users (
    id bigint NOT NULL,
    name text NOT NULL
);

\unrestrict b9Yh3nJxkQbNV0zVYcW8l1m5nSxwzO2dTqUe7pAfRk6iGtHsLjMoPvXrCyEuDaB
