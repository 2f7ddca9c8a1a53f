-- {{mesage}} of {{ date }}, by {{author}}
SELECT '{{1,2},{3,4}}'::int[], '{{mesage}}';
