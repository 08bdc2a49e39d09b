/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `stint install ENGINE` and `stint uninstall ENGINE`. An engine is a line of a table: which files it is told of stint
 * in, how it checks them, how it is made to read them, and how a container is run under it. The rest is the same for
 * all: work out what each file is to be, show it or write it, let the engine check it, try it, and go back when that
 * fails.
 */
#ifndef STINT_CLI_INSTALL_H
#define STINT_CLI_INSTALL_H

#include "cli/cli.h"
#include "lib/base/host.h"
#include "lib/base/toml.h"
#include "lib/install/record.h"

/* One file, as it is now, without stint, and as it is to be. Texts are NULL where there is no file. */
struct edit {
	char path[PATH_MAX]; /* below STINT_ROOT, links resolved */
	bool own;	     /* the whole file is stint's */
	bool recorded;
	char *current, *without, *wanted;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

struct installation {
	const struct host *host;
	const struct engine *engine;
	bool as_default, hooks;
	bool removing;
	char runtime[PATH_MAX], hook[PATH_MAX]; /* stint's own programs, which are there */
	struct record record;			/* of what is installed already; empty: nothing */
	struct record made;			/* of what install_apply wrote */
	size_t count;
	struct edit edits[RECORD_FILES_MAX]; /* in the order of writing; removed in the other */
	struct toml *before;		     /* of containerd: what was in force */
};

enum { NOTE_MAX = 512 };

/* A step with the engine's own programs. 1: done; 0: it could not be tried; `note` says what was done or why not. */
typedef int (*engine_step)(struct installation *inst, char note[NOTE_MAX], struct error *err);

struct engine {
	const char *name;
	bool has_hooks;
	/* Adds the edits. */
	int (*plan)(struct installation *inst, struct error *err);
	/* Takes stint out of a text that was changed since it was written, for files that are not stint's own. */
	int (*cut)(const char *name, const char *text, const char *original, char **ret_text, struct error *err);
	engine_step validate, reload, smoke; /* NULL: the engine has none */
	const char *installed, *removed;     /* what its user does next */
};

extern const struct engine engine_docker, engine_containerd, engine_podman, engine_crio;

/* Reads a file, and works out what it is without stint. */
int edit_read(struct installation *inst, const char *path, bool own, struct edit *ret_edit, struct error *err);
void edit_clear(struct edit *edit);
/* Makes `text` what the file has in it, with the owner and the mode that it has, whole or not at all; NULL removes
 * it. */
int edit_put(const struct edit *edit, const char *text, struct error *err);
/* One more file of the installation: *ret_edit->wanted is to be set. */
int edit_add(struct installation *inst, const char *path, bool own, struct edit **ret_edit, struct error *err);
/* The text of /ETC-PATH below the root, NULL when there is none. */
int read_below(const struct installation *inst, const char *path, char **ret_text, struct error *err);
/* Gives an own file its text; -EEXIST when somebody else's is in its place. */
int edit_own(struct installation *inst, const char *path, char *wanted, struct error *err);
/* The edits that take away what is recorded, as far as the plan has no edit of it. */
int edits_remove(struct installation *inst, struct error *err);
bool edit_changes(const struct edit *edit);
void installation_clear(struct installation *inst);

/* Writes the record, then the files. On failure everything is as it was. */
int install_apply(struct installation *inst, struct error *err);
/* Puts everything back that install_apply did, and adds to `err` that it did, or what could not be put back. */
void install_rollback(struct installation *inst, struct error *err);

/* A container that runs stint itself, `stint --version`, in a root filesystem made of that program alone. */
struct smoke {
	char directory[PATH_MAX]; /* has the file "stint" */
	char id[64];		  /* a name that nobody else has */
};
/* 0: this build of stint needs libraries, and cannot be the only file; the note says so. */
int smoke_prepare(struct installation *inst, struct smoke *ret_smoke, char note[NOTE_MAX], struct error *err);
/* Whether the container with the id (NULL: the one that the engine wrote to the file "id" beside the directory) ran
 * under stint: its report is there. */
int smoke_reported(struct installation *inst, const struct smoke *smoke, const char *id, struct error *err);
void smoke_clear(struct installation *inst, const struct smoke *smoke);

#endif
