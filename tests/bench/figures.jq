# One row of the result from the figures on standard input, a number each, in the unit that is printed.
# With nearest rank, a p99 of fewer than a hundred figures is the greatest of them.
def quantile($q): sort | .[([(length * $q | ceil) - 1, 0] | max)];
def rounded: if . == null then null else . * 1000 | round / 1000 end;
def within($goal):
	if $goal == "" then true
	elif $goal | startswith("<=") then . <= ($goal[2:] | tonumber)
	else . < ($goal[1:] | tonumber) end;

{
	section: $section, name: $name, unit: $unit, n: length,
	median: (if length > 0 then quantile(0.5) | rounded else null end),
	p99: (if length > 1 then quantile(0.99) | rounded else null end),
	goal: ([$goal, (if $goal99 == "" then empty else "p99 " + $goal99 end)] | map(select(. != "")) | join(", ")),
	reached: (if $goal == "" and $goal99 == "" then null
		elif length == 0 then false
		else (quantile(0.5) | within($goal)) and (quantile(0.99) | within($goal99)) end)
}
