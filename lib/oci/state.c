/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/oci/state.h"

#include <limits.h>

static int need_string(const struct json *root, const char *key, const char **ret_text, struct error *err)
{
	*ret_text = json_string(json_get(root, key));
	return *ret_text ? 0 : error_set(err, EINVAL, "the container's state: \"%s\" is not there, or no string", key);
}

int oci_state_parse(const char *text, size_t length, struct oci_state *ret_state, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	struct oci_state state = {0};
	const struct json *root, *pid;
	int64_t number = 0;
	int r = json_parse("the container's state", text, length, &doc, err);

	if (r < 0)
		return r;
	root = json_root(doc);
	if (!json_is(root, JSON_OBJECT))
		return error_set(err, EINVAL, "the container's state is %s, not an object", json_type_name(root->type));
	r = need_string(root, "id", &state.id, err);
	if (r == 0)
		r = need_string(root, "bundle", &state.bundle, err);
	pid = json_get(root, "pid");
	if (r == 0 && pid)
		r = json_int64(pid, &number, err);
	if (r < 0)
		return r;
	if (number < 0 || number > INT_MAX)
		return error_set(err, ERANGE, "the container's state: the pid is out of range");
	state.pid = (pid_t)number;
	state.status = json_string(json_get(root, "status"));
	if (json_is(json_get(root, "annotations"), JSON_OBJECT))
		state.annotations = json_get(root, "annotations");
	state.doc = steal_ptr(&doc);
	*ret_state = state;
	return 0;
}

void oci_state_clear(struct oci_state *state)
{
	json_doc_free(state->doc);
	*state = (struct oci_state){0};
}
