/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/record/model.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "lib/base/file.h"
#include "lib/record/store.h"

static const char current[] = "model.json", previous[] = "previous.json", denied[] = "denied.json";

const char *const model_mode_names[] = {"complain", "canary", "enforce", NULL};

void model_close(struct model *model)
{
	recording_close(&model->needs);
	json_doc_free(model->doc);
	*model = (struct model){0};
}

/* Held by who writes, so that one adds to what the other wrote. */
static int open_models(const struct host *host, const char *workload, bool write, int *ret_fd, struct error *err)
{
	_cleanup_close_ int parent = -1, fd = -1;
	char path[PATH_MAX];
	int r = store_check_workload(workload, err);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof path, "%.2048s/models", host->state_dir);
	if (write) {
		r = dir_open_private(path, 0700, &parent, err);
		if (r == 0)
			r = dir_make_private(parent, workload, 0700, false, &fd, err);
		if (r == 0 && flock(fd, LOCK_EX) < 0)
			r = error_errno(err, errno, "lock %s/%s", path, workload);
	} else {
		(void)snprintf(path, sizeof path, "%.2048s/models/%s", host->state_dir, workload);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT ? error_set(err, ENOENT, "there is no model of %s", workload) :
						 error_errno(err, errno, "open %s", path);
		r = dir_check_private(fd, path, err);
	}
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

static int read_file(int dirfd, const char *name, struct json_doc **ret_doc, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = file_read(dirfd, name, JSON_MAX_BYTES, &text, &length, err);

	return r < 0 ? r : json_parse(name, text, length, ret_doc, err);
}

static int write_file(int dirfd, const char *name, const struct json *object, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = json_write(object, true, &text, &length, err);

	return r < 0 ? r : file_write_atomic(dirfd, name, text, length, 0600, true, err);
}

static int read_mode(const struct json *root, struct model *model, struct error *err)
{
	const char *mode = json_string(json_get(root, "mode")), *accepted = json_string(json_get(root, "accepted"));
	uint64_t share = 100, runs = 0;
	int r = 0;

	for (model->mode = 0; mode && model_mode_names[model->mode] && strcmp(mode, model_mode_names[model->mode]) != 0;)
		model->mode++;
	if (json_get(root, "share"))
		r = json_uint64(json_get(root, "share"), &share, err);
	if (r == 0 && json_get(root, "runs"))
		r = json_uint64(json_get(root, "runs"), &runs, err);
	if (r < 0)
		return r;
	if (!mode || model->mode == MODEL_MODE_COUNT || share < 1 || share > 100 || runs > UINT32_MAX)
		return error_set(err, EINVAL, "it has no mode that there is, or a share that is none");
	model->share = (unsigned)share;
	model->runs = (unsigned)runs;
	(void)snprintf(model->accepted, sizeof model->accepted, "%s", accepted ? accepted : "");
	return 0;
}

static int read_model(int dirfd, struct model *model, struct error *err)
{
	const struct json *root, *needs;
	int r = read_file(dirfd, current, &model->doc, err);

	if (r < 0)
		return r;
	root = json_root(model->doc);
	needs = json_get(root, "needs");
	model->seccomp = json_get(root, "seccomp");
	model->runtime = json_string(json_get(root, "runtime"));
	if (!json_is(needs, JSON_OBJECT) || !json_is(model->seccomp, JSON_OBJECT))
		return error_set(err, EINVAL, "it has no needs, or no seccomp object");
	r = read_mode(root, model, err);
	return r < 0 ? r : recording_read(current, needs, &model->needs, err);
}

int model_read(const struct host *host, const char *workload, struct model *ret_model, struct error *err)
{
	_cleanup_model_ struct model model = {0};
	_cleanup_close_ int dirfd = -1;
	int r = open_models(host, workload, false, &dirfd, err);

	if (r < 0)
		return r;
	if (faccessat(dirfd, current, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return error_set(err, ENOENT, "there is no model of %s", workload);
	r = read_model(dirfd, &model, err);
	if (r < 0)
		return error_prefix(err, "read the model of %s in %s/models", workload, host->state_dir);
	*ret_model = model;
	model = (struct model){0};
	return 0;
}

static int make_document(const struct model *model, struct json_doc **ret_doc, struct error *err)
{
	struct json *root, *needs = NULL;
	int r = json_doc_new(ret_doc, err);

	if (r == 0)
		r = recording_write(&model->needs, *ret_doc, &needs, err);
	if (r < 0)
		return r;
	root = json_root(*ret_doc);
	if (json_set(*ret_doc, root, "version", json_new_uint64(*ret_doc, 1)) < 0 ||
	    json_set(*ret_doc, root, "mode", json_new_string(*ret_doc, model_mode_names[model->mode])) < 0 ||
	    json_set(*ret_doc, root, "share", json_new_uint64(*ret_doc, model->share)) < 0 ||
	    json_set(*ret_doc, root, "accepted", json_new_string(*ret_doc, model->accepted)) < 0 ||
	    json_set(*ret_doc, root, "runs", json_new_uint64(*ret_doc, model->runs)) < 0 ||
	    (model->runtime && json_set(*ret_doc, root, "runtime", json_new_string(*ret_doc, model->runtime)) < 0) ||
	    json_set(*ret_doc, root, "needs", needs) < 0 ||
	    json_set(*ret_doc, root, "seccomp", json_copy(*ret_doc, model->seccomp)) < 0)
		return error_set(err, ENOMEM, "write a model: out of memory");
	return 0;
}

/* A link more and then a name less: at each moment there is a model. */
static int keep_previous(int dirfd, struct error *err)
{
	static const char kept[] = "previous.new";

	(void)unlinkat(dirfd, kept, 0);
	if (linkat(dirfd, current, dirfd, kept, 0) < 0)
		return errno == ENOENT ? 0 : error_errno(err, errno, "keep the model that there is");
	return renameat(dirfd, kept, dirfd, previous) < 0 ? error_errno(err, errno, "keep the model that there is") : 0;
}

int model_write(const struct host *host, const char *workload, const struct model *model, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_close_ int dirfd = -1;
	int r = make_document(model, &doc, err);

	if (r == 0)
		r = open_models(host, workload, true, &dirfd, err);
	if (r == 0)
		r = keep_previous(dirfd, err);
	if (r == 0)
		r = write_file(dirfd, current, json_root(doc), err);
	if (r == 0 && unlinkat(dirfd, denied, 0) < 0 && errno != ENOENT)
		r = error_errno(err, errno, "forget what was denied");
	return r < 0 ? error_prefix(err, "write the model of %s to %s/models", workload, host->state_dir) : 0;
}

int model_roll_back(const struct host *host, const char *workload, struct error *err)
{
	_cleanup_close_ int dirfd = -1;
	int r = open_models(host, workload, false, &dirfd, err);

	if (r < 0)
		return r;
	if (flock(dirfd, LOCK_EX) < 0)
		return error_errno(err, errno, "lock the models of %s", workload);
	if (renameat2(dirfd, previous, dirfd, current, RENAME_EXCHANGE) == 0)
		return 0;
	return errno == ENOENT ? error_set(err, ENOENT, "there is no earlier model of %s", workload) :
				 error_errno(err, errno, "take the earlier model of %s", workload);
}

static int read_denied(int dirfd, struct recording *ret, struct error *err)
{
	_cleanup_json_ struct json_doc *doc = NULL;
	int r;

	if (faccessat(dirfd, denied, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	r = read_file(dirfd, denied, &doc, err);
	return r < 0 ? r : recording_read(denied, json_root(doc), ret, err);
}

int model_deny(const struct host *host, const char *workload, const struct needs *refused, struct error *err)
{
	_cleanup_recording_ struct recording all = {0};
	_cleanup_json_ struct json_doc *doc = NULL;
	_cleanup_close_ int dirfd = -1;
	struct json *object;
	int r = open_models(host, workload, true, &dirfd, err);

	if (r == 0)
		r = read_denied(dirfd, &all, err);
	if (r == 0)
		r = needs_add_all(&all.needs, refused, err);
	if (r == 0)
		r = json_doc_new(&doc, err);
	if (r == 0)
		r = recording_write(&all, doc, &object, err);
	if (r == 0)
		r = write_file(dirfd, denied, object, err);
	return r < 0 ? error_prefix(err, "keep what was denied to %s", workload) : 0;
}

int model_denied(const struct host *host, const char *workload, struct recording *ret_denied, struct error *err)
{
	_cleanup_recording_ struct recording all = {0};
	_cleanup_close_ int dirfd = -1;
	int r = open_models(host, workload, false, &dirfd, err);

	if (r == 0)
		r = read_denied(dirfd, &all, err);
	if (r < 0 && r != -ENOENT)
		return r;
	*ret_denied = all;
	all = (struct recording){0};
	return 0;
}
