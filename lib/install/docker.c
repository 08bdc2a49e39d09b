/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's daemon.json: one member of "runtimes", and "default-runtime". */
#include <string.h>

#include "lib/base/json.h"
#include "lib/install/edits.h"

static const char default_key[] = "default-runtime";

/* An empty file, as one that is not there, has nothing set. */
static int parse(const char *name, const char *text, struct json_doc **ret_doc, struct error *err)
{
	int r;

	if (!text || !text[strspn(text, " \t\r\n")])
		return json_doc_new(ret_doc, err);
	r = json_parse(name, text, strlen(text), ret_doc, err);
	if (r == 0 && !json_is(json_root(*ret_doc), JSON_OBJECT))
		return error_set(err, EINVAL, "read %s: it is %s, and Docker's configuration is an object", name,
				 json_type_name(json_root(*ret_doc)->type));
	return r;
}

static int set_runtime(struct json_doc *doc, const char *name, const char *runtime, struct error *err)
{
	struct json *runtimes = json_ensure_object(doc, json_root(doc), "runtimes"), *entry;
	const char *path;

	if (!runtimes)
		return error_set(err, EINVAL, "edit %s: \"runtimes\" is not an object; mend it first", name);
	path = json_string(json_find(json_get(runtimes, STINT_HANDLER), "path"));
	if (path && strcmp(path, runtime) == 0)
		return 0;
	if (json_get(runtimes, STINT_HANDLER))
		return error_set(err, EEXIST,
				 "edit %s: there is a runtime \"%s\" that stint install did not write; rename it "
				 "or take it out first",
				 name, STINT_HANDLER);
	entry = json_new(doc, JSON_OBJECT);
	if (json_set(doc, entry, "path", json_new_string(doc, runtime)) < 0 ||
	    json_set(doc, runtimes, STINT_HANDLER, entry) < 0)
		return error_set(err, ENOMEM, "edit %s: out of memory", name);
	return 0;
}

int docker_edit(const char *name, const char *text, const char *runtime, bool as_default, char **ret_text,
		struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	size_t length;
	int r = parse(name, text, &doc, err);

	if (r == 0)
		r = set_runtime(doc, name, runtime, err);
	if (r < 0)
		return r;
	if (as_default && json_set(doc, json_root(doc), default_key, json_new_string(doc, STINT_HANDLER)) < 0)
		return error_set(err, ENOMEM, "edit %s: out of memory", name);
	return json_write(json_root(doc), true, ret_text, &length, err);
}

static int restore_default(struct json_doc *doc, struct json_doc *original)
{
	struct json *now = json_get(json_root(doc), default_key), *was = json_get(json_root(original), default_key);

	if (!json_string(now) || strcmp(json_string(now), STINT_HANDLER) != 0)
		return 0;
	if (was)
		return json_set(doc, json_root(doc), default_key, json_copy(doc, was));
	json_remove(now);
	return 0;
}

int docker_cut(const char *name, const char *text, const char *original, char **ret_text, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL, *was = NULL;
	struct json *runtimes, *runtimes_were;
	size_t length;
	int r = parse(name, text, &doc, err);

	if (r == 0)
		r = parse(name, original, &was, err);
	if (r < 0)
		return r;
	runtimes = json_get(json_root(doc), "runtimes");
	runtimes_were = json_get(json_root(was), "runtimes");
	if (!json_get(runtimes_were, STINT_HANDLER))
		json_remove(json_get(runtimes, STINT_HANDLER));
	if (json_is(runtimes, JSON_OBJECT) && !runtimes->first && !runtimes_were)
		json_remove(runtimes);
	if (restore_default(doc, was) < 0)
		return error_set(err, ENOMEM, "edit %s: out of memory", name);
	if (!original && !json_root(doc)->first) {
		*ret_text = NULL;
		return 0;
	}
	return json_write(json_root(doc), true, ret_text, &length, err);
}

int docker_says(const char *name, const char *text, bool *ret_has, bool *ret_is_default, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	const char *fallback;
	int r = parse(name, text, &doc, err);

	if (r < 0)
		return r;
	fallback = json_string(json_get(json_root(doc), default_key));
	*ret_has = json_get(json_get(json_root(doc), "runtimes"), STINT_HANDLER) != NULL;
	*ret_is_default = fallback && strcmp(fallback, STINT_HANDLER) == 0;
	return 0;
}

int docker_spell_out(const char *name, const char *text, bool with_default, char **ret_text, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	bool has_runtimes, has_default;
	size_t length;
	int r = parse(name, text, &doc, err);

	if (r < 0)
		return r;
	has_runtimes = json_get(json_root(doc), "runtimes") != NULL;
	has_default = !with_default || json_get(json_root(doc), default_key);
	*ret_text = NULL;
	if (has_runtimes && has_default)
		return 0;
	if ((!has_runtimes && !json_ensure_object(doc, json_root(doc), "runtimes")) ||
	    (!has_default && json_set(doc, json_root(doc), default_key, json_new_string(doc, "runc")) < 0))
		return error_set(err, ENOMEM, "edit %s: out of memory", name);
	return json_write(json_root(doc), true, ret_text, &length, err);
}
