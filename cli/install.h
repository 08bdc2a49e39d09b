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
#include "cli/engine_files.h"
#include "lib/base/host.h"
#include "lib/base/toml.h"
#include "lib/install/record.h"

/* One file, as it is now, without stint, and as it is to be. Texts are NULL where there is no file. */
struct edit {
	char path[PATH_MAX]; /* below STINT_ROOT, links resolved */
	bool own;	     /* the whole file is stint's */
	const struct record_file
		*recorded; /* what the record says of it, NULL: nothing; also when it became a link since */
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
	struct record made;			/* what install_apply recorded */
	size_t count;
	struct edit edits[RECORD_FILES_MAX]; /* in the order of writing; removed in the other */
	struct toml *before;		     /* of containerd: what was in force */
};

enum { NOTE_MAX = 512 };

/* A step with the engine's own programs. 1: done; 0: it could not be tried; `note` says what was done or why not. */
typedef int (*engine_step)(struct installation *inst, char note[NOTE_MAX], struct error *err);

/* A container that runs stint itself, `stint --version`, in a root filesystem made of that program alone. */
struct smoke {
	char directory[PATH_MAX]; /* has the file "stint" */
	char id_file[PATH_MAX];	  /* beside it, for the id if the engine gives it one of its own */
	char name[64];		  /* that no other container has */
};

struct engine {
	const struct engine_files *files;
	bool has_hooks;
	/* Adds the edits. */
	int (*plan)(struct installation *inst, struct error *err);
	/* Takes stint out of a text that was changed since it was written, for files that are not stint's own. */
	int (*cut)(const char *name, const char *text, const char *original, char **ret_text, struct error *err);
	engine_step validate, reload; /* NULL: the engine has none */
	/* Whether a container can be run here: 1, or 0 and the note says why not. NULL: it can, where reload worked. */
	int (*reach)(const struct installation *inst, char note[NOTE_MAX]);
	/* Runs it to its end with smoke_run; -ENOENT: the program for it is not installed; *ret_how is the command as
	 * its user would type it. */
	int (*run)(const struct installation *inst, const struct smoke *smoke, const char **ret_how, struct error *err);
	/* Removes what a container that failed may have left. NULL: nothing can be. */
	void (*forget)(const struct installation *inst, const struct smoke *smoke);
	const char *installed, *removed; /* what its user does next */
};

extern const struct engine engine_docker, engine_containerd, engine_podman, engine_crio;

/* NULL, which stands for a file that is not there, is the same as NULL only. */
bool same_text(const char *a, const char *b);
/* -ENOMEM. */
int copy_text(const char *text, char **ret_copy);
/* The text of a file, which has no NUL in it; NULL when it is not there. */
int text_read(const char *path, char **ret_text, struct error *err);
/* Reads a file, and works out what it is without stint. */
int edit_read(struct installation *inst, const char *path, bool own, struct edit *ret_edit, struct error *err);
void edit_clear(struct edit *edit);
/* Makes `text` what the file has in it, with the owner and the mode that it has, whole or not at all; NULL removes
 * it. */
int edit_put(const struct edit *edit, const char *text, struct error *err);
/* One more file of the installation: *ret_edit->wanted is to be set. */
int edit_add(struct installation *inst, const char *path, bool own, struct edit **ret_edit, struct error *err);
/* Gives an own file its text, which it takes over; -EEXIST when somebody else's is in its place. */
int edit_own(struct installation *inst, const char *path, char *wanted, struct error *err);
/* The edits that take away what is recorded, as far as the plan has no edit of it. */
int edits_remove(struct installation *inst, struct error *err);
bool edit_changes(const struct edit *edit);
void installation_clear(struct installation *inst);

/* All of it: works out the edits, and shows them, or writes, checks and tries them, and goes back when that fails. The
 * host, the engine and the options are set. */
int install_into(struct installation *inst, bool dry_run, struct error *err);
/* Takes back what is recorded, in the same steps. */
int uninstall_from(struct installation *inst, bool dry_run, struct error *err);

/* Writes the record, then the files. */
int install_apply(struct installation *inst, struct error *err);
/* When all is checked and tried: the record of it becomes what will be there from now on. */
int install_finish(struct installation *inst, struct error *err);
/* Puts everything back that install_apply did, and adds to `err` that it did, or what could not be put back. Back goes
 * before an installation that was interrupted, since that has not been tried either. The engine is made to read that if
 * it may have read what was there in between. */
void install_rollback(struct installation *inst, bool may_be_read, struct error *err);

/* The step that every engine has: a container under it, whose report has to be there afterwards. */
int smoke_try(struct installation *inst, char note[NOTE_MAX], struct error *err);
/* For engine.run: the engine's command, which has to print what the container does. */
int smoke_run(const char *const *argv, struct error *err);

#endif
