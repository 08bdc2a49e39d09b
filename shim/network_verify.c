/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stint-network --verify: for `stint verify`, which is linked with nothing that speaks to nf_tables. */
#include <fcntl.h>
#include <stdio.h>

#include "lib/base/cleanup.h"
#include "lib/base/json.h"
#include "lib/state/state_dir.h"
#include "shim/network.h"

static const char *const state_names[] = {[RULES_AS_SET] = "enforced", [RULES_DIFFER] = "degraded", [RULES_ABSENT] = "absent"};

static int look(const char *root, const char *key, struct network *n, enum rules_state *ret_state,
		char difference[RULES_DIFFERENCE_MAX], struct error *err)
{
	_cleanup_close_ int run_fd = -1, pidfd = -1;
	int r = host_init(&n->host, root, err);

	if (r == 0)
		r = cgroup_layout_read(&n->host, &n->layout, err);
	if (r == 0)
		r = state_open(&n->host, &run_fd, err);
	if (r < 0)
		return r;
	n->state_fd = openat(run_fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (n->state_fd < 0)
		return error_errno(err, errno, "open the state of %s", key);
	r = ledger_open(n->state_fd, false, &n->ledger, &n->ledger_fd, err);
	if (r == 0)
		r = rules_prepare(n->state_fd, &n->rules, err);
	if (r == 0)
		r = place_enter(n, ledger_current(n->ledger)->init, 0, &pidfd, err);
	if (r < 0)
		return r;
	rules_scope(n->rules, &n->ledger->network.scope);
	return rules_compare(n->rules, ret_state, difference, err);
}

static int print(enum rules_state state, const char *difference, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = json_doc_new(&doc, err);

	if (r < 0)
		return r;
	if (json_set(doc, json_root(doc), "status", json_new_string(doc, state_names[state])) < 0 ||
	    json_set(doc, json_root(doc), "difference", json_new_string(doc, difference)) < 0)
		return error_set(err, ENOMEM, "out of memory");
	r = json_write(json_root(doc), false, &text, &length, err);
	if (r == 0)
		(void)fputs(text, stdout);
	return r;
}

int network_verify(const char *root, const char *key, struct error *err)
{
	static struct network n;
	enum rules_state state = RULES_ABSENT;
	char difference[RULES_DIFFERENCE_MAX] = "";
	int r = look(root, key, &n, &state, difference, err);

	return r < 0 ? r : print(state, difference, err);
}
