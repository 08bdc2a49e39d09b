/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container asks of the kernel, seen by seccomp user notification (seccomp_unotify(2)), for where there is no eBPF.
 *
 * The container gets a filter that asks us where its own one allows (or, where what is refused is to be seen, refuses); the
 * launcher puts it into config.json. Its runtime hands us a descriptor for each process that it loads the filter in: the
 * first, and each that is executed into the container. One thread does nothing but to answer, so that nobody waits for
 * a disk: "go on" to what the filter would have allowed, which no other answer than that is ever given to, and the
 * filter's own error to what it refuses. It is never asked about memory, which its owner may change meanwhile.
 *
 * The thread that asked is stopped until we answer. When we end, by whatever, the kernel answers ENOSYS in our place: nothing is opened
 * that was closed, and a container whose allowed calls we were asked about will not get far. Not so before the runtime has handed over
 * the descriptor: until then who asks holds it himself, and the monitor ends a container, or an exec, that could wait so
 * (monitor_recorder.c).
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "lib/base/cleanup.h"
#include "lib/base/file.h"
#include "shim/recorder.h"
#include "shim/recorder_asker.h"
#include "shim/recorder_seen.h"

/* Those above the first of them are answered as nobody's, so that they end. */
enum { LISTENERS_MAX = 128, LISTENERS_ROOM = LISTENERS_MAX + 32, NEWS_EVENT = PEERS_EVENTS };

/* Of Linux 6.6, for headers that are older: who asks wakes us on its own CPU, and goes to sleep. */
#define NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#define NOTIF_SYNC_WAKE_UP UINT64_C(1)

struct agent {
	struct source source;
	struct peers peers;
	int epoll, news;
	int handing[2]; /* a pipe of struct handed, to the thread that answers */
	bool answers;	/* there is that thread */
	struct handed first; /* the container's own process, once its listener was handed over */
	_Atomic bool has_begun; /* the container's program asked for something */
	_Atomic unsigned listening; /* listeners that were handed to it and are not over */
	const struct seccomp_filter *filter; /* with refusals */
	struct needs assumed;		     /* what may be called without our being asked */
	struct call_place {
		signed char arguments; /* as in struct seen_place */
		bool depends;	       /* what is refused is, by its arguments */
		unsigned short refusal;
	} places[CALL_PLACES];
	/* Of the thread that answers, which alone writes `seen`, under the lock. */
	struct listener listeners[LISTENERS_ROOM];
	unsigned count;
	struct askers askers;
	pthread_mutex_t lock;
	struct seen_calls seen;
};

static struct agent *agent_of(const struct source *source)
{
	return (struct agent *)(uintptr_t)source;
}

static void tell(struct agent *agent)
{
	(void)eventfd_write(agent->news, 1);
}

/* --- what it asks for --- */

/* -1: no such place. */
static int place_of(const struct seccomp_data *data)
{
	int abi = data->arch == AUDIT_ARCH_I386 ? ABI_COMPAT : data->nr & X32_MARK ? ABI_X32 : ABI_NATIVE;
	int number = data->nr & ~X32_MARK;

	return number < 0 || number >= CALL_COUNT ? -1 : abi << CALL_BITS | number;
}

static struct seen_place seen_place_of(const struct agent *agent, const struct seccomp_data *data, int place)
{
	struct seen_place at = {.place = (unsigned)place, .arguments = agent->places[place].arguments};
	const struct recorded_arguments *which = at.arguments < 0 ? NULL : &recorded_arguments[at.arguments];

	for (unsigned i = 0; which && i < which->count; i++)
		at.values[i] = (unsigned)data->args[which->index[i]];
	return at;
}

static bool is_still_there(const struct listener *listener, const struct seccomp_notif *asked)
{
	uint64_t id = asked->id;

	return ioctl(listener->handed.filter, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* False: who asked is gone, or is nobody whom we answer. */
static bool see(struct agent *agent, struct listener *listener, const struct seccomp_notif *asked)
{
	int place = place_of(&asked->data);
	char program[PROGRAM_NAME] = "";
	struct seen_place at;
	bool is_new;

	if (place < 0)
		return true;
	if (listener->with_runtime && asker_is_runtimes(&agent->askers, listener, (pid_t)asked->pid)) {
		if (!agent->seen.runtime[place]) {
			(void)pthread_mutex_lock(&agent->lock);
			agent->seen.runtime[place] = true;
			(void)pthread_mutex_unlock(&agent->lock);
		}
		return true;
	}
	at = seen_place_of(agent, &asked->data, place);
	is_new = !seen_is_known(&agent->seen, &at);
	if (!is_new && !agent->askers.refusals)
		return true;
	if (is_new)
		asker_program(&agent->askers, (pid_t)asked->pid, program);
	if (is_new && !is_still_there(listener, asked))
		return false;
	(void)pthread_mutex_lock(&agent->lock);
	seen_add(&agent->seen, &at, program);
	(void)pthread_mutex_unlock(&agent->lock);
	if (is_new)
		tell(agent);
	return true;
}

/* What the filter would have answered. We are asked about what it refuses, and let nothing of it pass. */
static int refusal_of(const struct agent *agent, const struct seccomp_data *data)
{
	int place = place_of(data);
	char name[NEED_NAME_MAX];
	struct seccomp_answer answer;
	uint64_t args[SECCOMP_ARGS];

	if (place < 0)
		return agent->filter->otherwise.action == SECCOMP_ERRNO ? (int)agent->filter->otherwise.data : EPERM;
	if (!agent->places[place].depends)
		return agent->places[place].refusal;
	call_name((unsigned)place, name);
	memcpy(args, data->args, sizeof args);
	answer = seccomp_ask(agent->filter, name, args);
	return answer.action == SECCOMP_ERRNO ? (int)answer.data : EPERM;
}

/*
 * As if nobody listened, but that it can end. To close the descriptor would not do: crun's own process holds it too until it has
 * been handed over, and waits for the answer to one of its calls meanwhile.
 */
static void answer_refused(const struct listener *listener, const struct seccomp_notif *asked)
{
	struct seccomp_notif_resp answer = {.id = asked->id, .error = -ENOSYS};
	int place = place_of(&asked->data);
	char name[NEED_NAME_MAX] = "";

	if (place >= 0)
		call_name((unsigned)place, name);
	if (strcmp(name, "exit_group") == 0 || strcmp(name, "exit") == 0)
		answer = (struct seccomp_notif_resp){.id = asked->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	(void)ioctl(listener->handed.filter, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* False: it is over. */
static bool answer_one(struct agent *agent, struct listener *listener)
{
	union {
		struct seccomp_notif notif;
		char room[512]; /* a later kernel's is larger */
	} asked = {.room = ""};
	struct seccomp_notif_resp answer = {0};

	/* ENOENT: a signal came first, and the call begins anew or never. */
	if (ioctl(listener->handed.filter, SECCOMP_IOCTL_NOTIF_RECV, &asked.notif) < 0)
		return errno == ENOENT || errno == EINTR;
	if (!listener->handed.refused && !listener->is_right && !asker_is_of_container(&agent->askers, listener, (pid_t)asked.notif.pid)) {
		if (!is_still_there(listener, &asked.notif))
			return true;
		listener->handed.refused = true;
	}
	if (listener->handed.refused) {
		answer_refused(listener, &asked.notif);
		return true;
	}
	if (!see(agent, listener, &asked.notif))
		return true;
	listener->is_right = true;
	if (!listener->with_runtime && !atomic_exchange(&agent->has_begun, true))
		tell(agent);
	answer.id = asked.notif.id;
	if (agent->askers.refusals)
		answer.error = -refusal_of(agent, &asked.notif.data);
	else
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	return ioctl(listener->handed.filter, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 || errno == ENOENT || errno == EINTR;
}

/* --- the thread that answers --- */

static void end_listener(struct agent *agent, unsigned i)
{
	(void)close(agent->listeners[i].handed.filter);
	agent->listeners[i] = agent->listeners[--agent->count];
	atomic_fetch_sub(&agent->listening, 1);
	tell(agent);
}

static void take_handed(struct agent *agent)
{
	uint64_t flags = NOTIF_SYNC_WAKE_UP;
	struct handed handed;

	if (read(agent->handing[0], &handed, sizeof handed) != sizeof handed)
		return;
	(void)ioctl(handed.filter, NOTIF_SET_FLAGS, flags); /* Linux 6.6; else it takes longer */
	agent->listeners[agent->count++] = (struct listener){.handed = handed, .with_runtime = true};
}

static void *answer_all(void *data)
{
	struct agent *agent = data;
	struct pollfd wait[1 + LISTENERS_ROOM];

	for (;;) {
		unsigned count = agent->count;

		wait[0] = (struct pollfd){.fd = agent->handing[0], .events = POLLIN};
		for (unsigned i = 0; i < count; i++)
			wait[1 + i] = (struct pollfd){.fd = agent->listeners[i].handed.filter, .events = POLLIN};
		if (poll(wait, 1 + count, -1) < 0)
			continue;
		/* From the last, whose place an earlier one does not take. */
		for (unsigned i = count; i-- > 0;)
			if ((wait[1 + i].revents & POLLIN && !answer_one(agent, &agent->listeners[i])) ||
			    wait[1 + i].revents & (POLLHUP | POLLERR | POLLNVAL))
				end_listener(agent, i);
		if (wait[0].revents)
			take_handed(agent);
	}
	return NULL;
}

static bool start_answering(struct agent *agent)
{
	pthread_t thread;

	if (!agent->answers)
		agent->answers = pthread_create(&thread, NULL, answer_all, agent) == 0;
	return agent->answers;
}

/* What is not handed on is closed: then who asks gets ENOSYS, once nobody of his own holds it any more. */
static void hand_on(struct agent *agent, struct handed *handed)
{
	unsigned listening = atomic_fetch_add(&agent->listening, 1);

	if (!agent->first.process && !handed->refused)
		agent->first = *handed;
	handed->refused |= listening >= LISTENERS_MAX;
	if (listening < LISTENERS_ROOM && start_answering(agent) && write(agent->handing[1], handed, sizeof *handed) == sizeof *handed)
		return;
	atomic_fetch_sub(&agent->listening, 1);
	(void)close(handed->filter);
}

static void know_places(struct agent *agent)
{
	static const uint64_t any[SECCOMP_ARGS];
	char name[NEED_NAME_MAX];

	for (unsigned place = 0; place < CALL_PLACES; place++) {
		struct call_place *at = &agent->places[place];
		const struct recorded_arguments *which;
		struct seccomp_answer answer;

		call_name(place, name);
		which = recorded_arguments_find(name);
		if (agent->askers.refusals) {
			answer = seccomp_ask(agent->filter, name, any);
			at->depends = seccomp_depends(agent->filter, name);
			at->refusal = answer.action == SECCOMP_ERRNO ? (unsigned short)answer.data : EPERM;
		}
		at->arguments = which && (!agent->askers.refusals || at->depends) ? (signed char)(which - recorded_arguments) : -1;
	}
}

/* --- as a source --- */

static int open_agent(struct agent *agent, const struct source_request *request, struct error *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = NEWS_EVENT};
	char path[PATH_MAX * 2];
	int r;

	(void)snprintf(path, sizeof path, "%s/%s/seccomp", request->host->run_dir, request->plan->key);
	agent->epoll = epoll_create1(EPOLL_CLOEXEC);
	agent->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (agent->epoll < 0 || agent->news < 0 || pipe2(agent->handing, O_CLOEXEC | O_NONBLOCK) < 0 ||
	    epoll_ctl(agent->epoll, EPOLL_CTL_ADD, agent->news, &event) < 0)
		return error_errno(err, errno, "record system calls by notification");
	r = peers_open(&agent->peers, path, request->plan->id, agent->askers.proc, agent->epoll, err);
	return r < 0 ? r : filter_write(request, path, &agent->assumed, err);
}

static int agent_start(const struct source_request *request, struct source **ret_source, struct error *err)
{
	static struct agent agent = {.lock = PTHREAD_MUTEX_INITIALIZER};
	int r;

	if (!request->launched || request->plan->launcher == LAUNCHER_HOOK)
		return error_set(err, ENOTSUP, "record system calls by notification: the container has its seccomp filter already; it is "
					       "recorded when stint-runtime or stint run starts it");
	agent.source = (struct source){.kind = &source_notify, .blind = LEDGER_BLIND_KILLS | LEDGER_BLIND_CAPABILITIES,
					.answers = !request->refusals, .runtime = agent.first.runtime};
	agent.askers.proc = request->host->proc;
	agent.askers.refusals = request->refusals;
	agent.filter = request->filter;
	if (request->plan->nested)
		(void)snprintf(agent.askers.group, sizeof agent.askers.group, "%s", request->plan->cgroup_path);
	know_places(&agent);
	r = open_agent(&agent, request, err);
	if (r < 0)
		return r;
	/* What is recorded goes no further without us. */
	(void)file_write_small(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
	*ret_source = &agent.source;
	return 0;
}

static int agent_fd(const struct source *source)
{
	return agent_of(source)->epoll;
}

static void agent_attend(struct source *source)
{
	struct agent *agent = agent_of(source);
	struct epoll_event events[PEERS_EVENTS + 1];
	struct handed handed;
	eventfd_t news;
	int n = epoll_wait(agent->epoll, events, PEERS_EVENTS + 1, 0);

	for (int i = 0; i < n; i++) {
		if (events[i].data.u32 == NEWS_EVENT)
			(void)eventfd_read(agent->news, &news);
		else if (peers_attend(&agent->peers, events[i].data.u32, &handed))
			hand_on(agent, &handed);
	}
}

static struct seen_calls *copy_seen(struct agent *agent, struct error *err)
{
	struct seen_calls *copy = malloc(sizeof *copy);

	if (!copy) {
		(void)error_set(err, ENOMEM, "record system calls: out of memory");
		return NULL;
	}
	(void)pthread_mutex_lock(&agent->lock);
	*copy = agent->seen;
	(void)pthread_mutex_unlock(&agent->lock);
	return copy;
}

/* Of the ABIs that are used. */
static int add_assumed(const struct needs *assumed, struct needs *needs, struct error *err)
{
	bool used[ABI_COUNT] = {false};
	int r = 0;

	for (unsigned i = 0; i < needs->count; i++)
		used[needs->list[i].abi] = true;
	for (unsigned i = 0; i < assumed->count && r == 0; i++)
		if (used[assumed->list[i].abi])
			r = needs_add(needs, &assumed->list[i], err);
	return r;
}

/* There is a place for each call, and one for what is more than the values of one. */
static uint64_t agent_lost(const struct source *source)
{
	(void)source;
	return 0;
}

static int agent_read(struct source *source, struct recording *recording, struct error *err)
{
	struct agent *agent = agent_of(source);
	_cleanup_free_ struct seen_calls *seen = copy_seen(agent, err);
	int r = seen ? seen_read(seen, recording, err) : -ENOMEM;

	return r < 0 ? r : add_assumed(&agent->assumed, &recording->needs, err);
}

static int agent_refused(struct source *source, int (*each)(const struct need *need, unsigned count, void *data, struct error *err),
			 void *data, struct error *err)
{
	_cleanup_free_ struct seen_calls *seen = copy_seen(agent_of(source), err);

	return seen ? seen_each(seen, each, data, err) : -ENOMEM;
}

static bool agent_is_needed(const struct source *source)
{
	return atomic_load(&agent_of(source)->listening) > 0;
}

/* It has the runtime's command line until it executes the container's program. */
static bool agent_is_starting(struct source *source)
{
	struct agent *agent = agent_of(source);
	const struct handed *first = &agent->first;
	char word[PROCESS_WORD_MAX];

	if (atomic_load(&agent->has_begun))
		return false;
	return !first->process || (process_first_word(agent->askers.proc, first->process, word) && strcmp(word, first->runtime) == 0);
}

const struct source_kind source_notify = {
	.capability = -1, .start = agent_start, .fd = agent_fd, .attend = agent_attend, .lost = agent_lost, .read = agent_read,
	.refused = agent_refused, .is_needed = agent_is_needed, .is_starting = agent_is_starting,
};
