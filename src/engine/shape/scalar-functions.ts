const names = `
|| + - * / // % ** ^ ~ & | << >> ~~ !~~ ~~* !~~* like_escape ilike_escape not_like_escape not_ilike_escape
abs ceil ceiling floor round trunc sign sqrt power pow exp ln log log10 mod greatest least add subtract multiply divide
lower upper lcase ucase trim ltrim rtrim lpad rpad left right substr substring length len strlen char_length reverse replace
translate concat concat_ws contains starts_with ends_with prefix suffix strpos instr position split split_part
string_split str_split string_split_regex regexp_extract regexp_extract_all regexp_full_match regexp_matches
regexp_replace regexp_split_to_array strip_accents nfc_normalize format printf ascii chr unicode md5 sha1 sha256 hex unhex
to_base64 from_base64 encode decode url_encode url_decode
if ifnull nullif coalesce
date_part datepart date_trunc datetrunc date_add date_sub date_diff datediff datesub strftime strptime try_strptime
make_date make_time make_timestamp epoch epoch_ms to_timestamp timezone year month day hour minute second quarter week
dayofweek isodow dayofyear dayname monthname last_day to_years to_months to_weeks to_days to_hours to_minutes to_seconds
list_value list_concat list_cat list_contains list_distinct list_sort list_extract list_element list_slice
array_slice array_to_string array_length array_extract list_position list_has_any list_has_all row struct_pack struct_extract
json_extract json_extract_string json_value json_exists json_valid json_array_length -> ->> to_json`;

/** What an expression of a mapping line may call, operators among them: functions of nothing but what they are given. */
export const scalarFunctions: ReadonlySet<string> = new Set(names.trim().split(/\s+/));
