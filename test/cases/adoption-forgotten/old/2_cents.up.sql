UPDATE a SET n = n * 100;
