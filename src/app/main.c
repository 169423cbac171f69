// SPDX-License-Identifier: BSD-2-Clause
/* The command: options, outputs, handle, loop; and back. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "xdptail.h"
#include "app/audit.h"
#include "app/doctor.h"
#include "app/exit_code.h"
#include "app/log.h"
#include "app/loop.h"
#include "app/metrics_file.h"
#include "app/options.h"
#include "app/privileges.h"
#include "base/text.h"
#include "base/time.h"
#include "record/record.h"
#include "output/outputs.h"

static int print_help(void)
{
	char *help = options_help();
	int err = !help || fputs(help, stdout) < 0 || fflush(stdout);

	free(help);
	return err ? EXIT_CODE_FAILED : EXIT_CODE_DONE;
}

static int print_version(void)
{
	return printf("xdptail %s\n", XDPTAIL_VERSION) < 0 || fflush(stdout) ? EXIT_CODE_FAILED :
									       EXIT_CODE_DONE;
}

/* As tcpdump -D begins: a line each, number and name. */
static int print_interfaces(void)
{
	struct if_nameindex *list = if_nameindex();

	if (!list) {
		log_error("cannot list interfaces: %s", strerror(errno));
		return EXIT_CODE_FAILED;
	}
	for (size_t i = 0; list[i].if_index; i++) {
		text_mask(list[i].if_name, strlen(list[i].if_name));
		(void)printf("%u.%s\n", list[i].if_index, list[i].if_name);
	}
	if_freenameindex(list);
	return fflush(stdout) ? EXIT_CODE_FAILED : EXIT_CODE_DONE;
}

/* What is opened is o's no more. */
static int open_outputs(struct outputs **ret, struct options *o)
{
	struct outputs *outputs;
	struct reason why = { 0 };
	int err = outputs_new(&outputs);

	if (err) {
		log_error("cannot open outputs: %s", strerror(-err));
		return EXIT_CODE_FAILED;
	}
	if (o->read)
		outputs_set_patience(outputs, (int64_t)o->output_timeout_s * 1000);
	for (unsigned int i = 0; i < o->n_outputs; i++) {
		err = outputs_add(outputs, &o->outputs[i], &why);
		if (err) {
			log_error("%s", why.text);
			(void)outputs_finish(outputs, 0);
			outputs_free(outputs);
			return exit_code_of_error(err, EXIT_CODE_USAGE);
		}
	}
	options_free_outputs(o);
	*ret = outputs;
	return EXIT_CODE_DONE;
}

/* Before there is anything that a mistyped name would be a pity for. */
static int check_metrics(const struct options *o)
{
	struct reason why = { 0 };
	int err = o->metrics_file ? metrics_file_check(o->metrics_file, &why) : 0;

	if (!err)
		return EXIT_CODE_DONE;
	log_error("%s", why.text);
	return exit_code_of_error(err, EXIT_CODE_USAGE);
}

/* What can't be read was not the right thing to ask for. With --prog-run the kernel may refuse the
 * program, which the library tells by the errors listed here, and never says of a capture.
 */
static int read_exit_code(int err)
{
	switch (err) {
	case -EPERM:
		return EXIT_CODE_PERMISSION;
	case -ENOEXEC:
	case -EOPNOTSUPP:
	case -E2BIG:
		return EXIT_CODE_ATTACH;
	default:
		return exit_code_of_error(err, EXIT_CODE_USAGE);
	}
}

/* xdptail_log_fn: what went wrong libbpf says in its own terms, and we in ours */
static void on_libbpf(void *arg, const char *line)
{
	(void)arg;
	log_debug("%s", line);
}

/* xdptail_log_fn */
static void on_verifier(void *arg, const char *line)
{
	(void)arg;
	log_debug("verifier: %s", line);
}

/* capture_fd: of o->read, or -1. */
static int open_handle(struct xdptail **ret, const struct options *o, int capture_fd,
		       struct loop *loop)
{
	struct xdptail_options options;
	int err;

	xdptail_options_init(&options, sizeof(options));
	options.function_name = o->function_name;
	options.ebpf_program = o->ebpf_program;
	options.transport = o->transport;
	options.sample_mode = o->sample_mode;
	options.sample_rate = o->sample_rate;
	options.ring_bytes = o->ring_bytes;
	options.batch_ms = o->flush ? 0 : o->batch_ms;
	options.trace = o->trace;
	options.wait_interface = o->wait_interface;
	options.interface_fn = loop_on_interface;
	options.interface_arg = loop;
	options.clock_fn = loop_on_clock;
	options.clock_arg = loop;
	options.wait_fn = loop_on_wait;
	options.wait_arg = loop;
	options.link_fn = loop_on_link;
	options.prog_run = o->prog_run;
	options.decap = o->decap;
	options.tunnel_ports = o->tunnel_ports;
	options.capture_fd = capture_fd;
	options.max_sources = o->max_sources;
	options.max_map_bytes = o->max_map_bytes;
	options.log_fn = o->verbose > 0 ? on_verifier : NULL; /* finding out takes time */
	if (o->read)
		err = xdptail_open_capture(ret, o->read, &options, o->interval_s * NS_PER_S);
	else
		err = xdptail_open(ret, &options);
	if (!err)
		return EXIT_CODE_DONE;
	log_error("%s", xdptail_reason(*ret));
	return o->read ? read_exit_code(err) : exit_code_of_open(err);
}

/* As whoever we will be, so that what can be opened now can be opened anew later. */
static int open_outputs_as(struct outputs **ret, struct options *o,
			   const struct privileges_user *user)
{
	struct privileges_acting acting;
	int err = privileges_act(&acting, user);
	int code;

	if (err) {
		log_error("cannot act as \"%s\": %s", user->name, strerror(-err));
		return exit_code_of_error(err, EXIT_CODE_PERMISSION);
	}
	if (user->name && o->config && faccessat(AT_FDCWD, o->config, R_OK, AT_EACCESS))
		log_warning("\"%s\" can't be read by \"%s\": %s; SIGHUP will change nothing",
			    o->config, user->name, strerror(errno));
	code = check_metrics(o);
	if (!code)
		code = open_outputs(ret, o);
	err = privileges_return(&acting);
	if (!err)
		return code;
	log_error("cannot go on after acting as \"%s\": %s", user->name, strerror(-err));
	return EXIT_CODE_FAILED;
}

/* A capture is anybody's: it is opened with all our rights, but nothing of it is read with any. */
static int open_capture(struct xdptail **ret_handle, struct outputs **ret_outputs,
			struct options *o, const struct privileges_user *user, struct loop *loop)
{
	static const struct privileges_need nothing = { 0 };
	const bool is_stdin = !strcmp(o->read, "-");
	int fd = is_stdin ? STDIN_FILENO : open(o->read, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct reason why = { 0 };
	int code, err;

	if (fd < 0) {
		code = read_exit_code(-errno);
		log_error("cannot open \"%s\": %s", o->read, strerror(errno));
		return code;
	}
	code = open_outputs_as(ret_outputs, o, user);
	err = code ? 0 : privileges_drop(user, &nothing, &why);
	if (err) {
		log_error("%s", why.text);
		code = exit_code_of_error(err, EXIT_CODE_PERMISSION);
	}
	if (!code)
		code = open_handle(ret_handle, o, fd, loop);
	if (!is_stdin)
		close(fd);
	return code;
}

/* Where BPF is loaded, its refusals come before any file is made. */
static int open_all(struct xdptail **ret_handle, struct outputs **ret_outputs, struct options *o,
		    const struct privileges_user *user, struct loop *loop)
{
	int code;

	if (o->read && !o->prog_run)
		return open_capture(ret_handle, ret_outputs, o, user, loop);
	code = open_handle(ret_handle, o, -1, loop);
	return code ? code : open_outputs_as(ret_outputs, o, user);
}

static int find_user(struct privileges_user *ret, const struct options *o)
{
	struct reason why = { 0 };
	int err = privileges_find_user(ret, o->user, &why);

	if (!err)
		return EXIT_CODE_DONE;
	log_error("%s", why.text);
	if (err == -EINVAL)
		return EXIT_CODE_USAGE;
	return err == -EPERM ? EXIT_CODE_PERMISSION : EXIT_CODE_FAILED;
}

static int run_monitor(struct options *o, const struct command_line *line)
{
	struct privileges_user user;
	struct record_writer *writer = NULL;
	struct xdptail *handle = NULL;
	struct outputs *outputs = NULL;
	struct loop *loop = NULL;
	uint64_t id = 0;
	int code = find_user(&user, o);
	int err;

	if (code)
		return code;
	code = EXIT_CODE_FAILED;
	loop_block_signals();
	err = getrandom(&id, sizeof(id), 0) == sizeof(id) ? 0 : -errno;
	if (!err)
		err = loop_new(&loop, o, line);
	if (!err)
		err = record_writer_new(&writer, id, o->timestamps_ns);
	if (err) {
		log_error("cannot start: %s", strerror(-err));
		goto out;
	}
	code = open_all(&handle, &outputs, o, &user, loop);
	if (code)
		goto out;
	code = loop_run(loop, handle, writer, outputs, &user);

out:
	xdptail_close(handle);
	outputs_free(outputs);
	record_writer_free(writer);
	loop_free(loop);
	privileges_user_free(&user);
	return code;
}

/* The parent process may have closed some of these, and then the next file that is opened becomes
 * stdout. What stands in for stdout is only readable, so that writing to it fails and says so.
 */
static void open_standard_fds(void)
{
	static const int flags[] = { O_RDWR, O_RDONLY, O_RDWR };

	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null",
				    flags[fd]); /* takes the lowest, which is this one */
	}
}

static int print_config(const struct options *o)
{
	char *text = options_print_config(o);
	int err = !text ? -ENOMEM : puts(text) < 0 || fflush(stdout) ? -errno : 0;

	if (err)
		log_error("cannot print the settings: %s", strerror(-err));
	free(text);
	return err ? EXIT_CODE_FAILED : EXIT_CODE_DONE;
}

/* xdptail check-config FILE */
static int check_config(int argc, char *argv[])
{
	static const char help[] =
		"Usage: xdptail check-config FILE\n"
		"\n"
		"Read a config file as -f FILE does, and say what is wrong with it.\n"
		"\n"
		"Exit status: 0 nothing is, 2 something is, 1 that can't be told for now.\n";
	struct reason why = { 0 };
	int err;

	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		return fputs(help, stdout) < 0 || fflush(stdout) ? EXIT_CODE_FAILED :
								   EXIT_CODE_DONE;
	if (argc > 1 && argv[1][0] == '-') {
		log_error("check-config: unknown option \"%.100s\"; try --help", argv[1]);
		return EXIT_CODE_USAGE;
	}
	if (argc != 2) {
		log_error("check-config takes one file: xdptail check-config FILE");
		return EXIT_CODE_USAGE;
	}
	err = options_check_config(argv[1], &why);
	if (err) {
		log_error("%s", why.text);
		return exit_code_of_error(err, EXIT_CODE_USAGE);
	}
	log_notice("%s: OK", argv[1]);
	return EXIT_CODE_DONE;
}

static int act(struct options *o, const struct command_line *line)
{
	if (o->print_config)
		return print_config(o);
	switch (o->action) {
	case OPTIONS_HELP:
		return print_help();
	case OPTIONS_VERSION:
		return print_version();
	case OPTIONS_LIST_INTERFACES:
		return print_interfaces();
	case OPTIONS_RUN:
		break;
	}
	return run_monitor(o, line);
}

int main(int argc, char *argv[])
{
	struct options options;
	struct reason why = { 0 };
	int code, err;

	open_standard_fds();
	xdptail_messages_take(on_libbpf, NULL);
	if (argc > 1 && !strcmp(argv[1], "audit"))
		return audit_main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "doctor"))
		return doctor_main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "check-config"))
		return check_config(argc - 1, argv + 1);
	err = options_parse(&options, argc, argv, &why);
	if (err) {
		log_error("%s", why.text);
		return exit_code_of_error(err, EXIT_CODE_USAGE);
	}
	log_set_verbosity(options.verbose);
	code = act(&options, &(struct command_line){ argc, argv });
	options_free(&options);
	return code;
}
