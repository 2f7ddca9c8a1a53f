-- revision: qqqq

DROP TABLE k;
