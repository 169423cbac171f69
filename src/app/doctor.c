// SPDX-License-Identifier: BSD-2-Clause
#include "app/doctor.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "xdptail.h"
#include "app/answer.h"
#include "app/diagnosis.h"
#include "app/exit_code.h"
#include "app/log.h"
#include "app/options.h"

static const char help[] =
	"Usage: xdptail doctor [-i IF] [--json]\n"
	"\n"
	"Would counting work here, and how? Loads the program and takes it back, and\n"
	"looks at the interface; attaches nothing and changes nothing. A line for each\n"
	"finding: ok, warning or problem, what was found, and what to do.\n"
	"\n"
	"  -i, --interface IF   look at this one too; without, only at the kernel\n"
	"      --json           an object for each finding: check, result, text, advice\n"
	"  -h, --help           this text\n"
	"\n"
	"Exit status:\n"
	"  0  it would work: there may be warnings, and no problem\n"
	"  1  out of memory, or the findings could not be written\n"
	"  2  usage\n"
	"  3  not permitted\n"
	"  4  cannot attach: there is no such interface, or another program is there, or\n"
	"     the kernel refuses the program or lacks what it takes\n";

enum wish {
	WISH_INTERFACE = 'i',
	WISH_JSON = 'j',
	WISH_HELP = 'h'
};

struct doctor_arguments {
	const char *interface; /* borrowed; NULL: the kernel alone */
	bool json;
	bool help;
};

static int set_interface(struct doctor_arguments *w, const char *name)
{
	if (!options_names_interface(name))
		log_error("doctor: --interface: \"%.100s\" cannot be the name of an interface",
			  name);
	else if (w->interface)
		log_error("doctor: --interface: \"%s\" comes after \"%s\"; one at a time", name,
			  w->interface);
	else
		w->interface = name;
	return w->interface == name ? 0 : -EINVAL;
}

/* c is what getopt_long() returned, arg the element of argv that it is in. */
static int set_option(struct doctor_arguments *w, int c, const char *arg)
{
	switch (c) {
	case WISH_INTERFACE:
		return set_interface(w, optarg);
	case WISH_JSON:
		w->json = true;
		return 0;
	case WISH_HELP:
		w->help = true;
		return 0;
	case 1:
		log_error("doctor: \"%.100s\": not an option; an interface is named by -i", optarg);
		return -EINVAL;
	case ':':
		log_error("doctor: --interface: needs a value: -i IF");
		return -EINVAL;
	default:
		log_error(
			"doctor: unknown option \"%.100s\"; the options are -i IF, --json and --help",
			arg);
		return -EINVAL;
	}
}

static int parse_arguments(struct doctor_arguments *w, int argc, char *const argv[])
{
	static const struct option longs[] = {
		{ "interface", required_argument, NULL, WISH_INTERFACE },
		{ "json", no_argument, NULL, WISH_JSON },
		{ "help", no_argument, NULL, WISH_HELP },
		{ 0 },
	};
	int err = 0;

	opterr = 0;
	optind = 0; /* as in options.c */
	while (!err && !w->help) {
		const int at = optind ? optind : 1;
		const int c = getopt_long(argc, argv, "-:i:h", longs, NULL);

		if (c == -1)
			break;
		err = set_option(w, c, argv[at]);
	}
	if (!err && !w->help && optind < argc) { /* behind "--" */
		optarg = argv[optind];
		err = set_option(w, 1, optarg);
	}
	return err;
}

/* "ok       ring buffer: there"; 0 or -errno. */
static int print_text(const struct finding *f)
{
	char check[32];

	(void)snprintf(check, sizeof(check), "%s", f->check);
	for (char *c = check; *c; c++) {
		if (*c == '_')
			*c = ' ';
	}
	if (printf("%-8s %s: %s%s%s\n", diagnosis_result_name(f->result), check, f->text,
		   f->advice[0] ? ": " : "", f->advice) < 0)
		return -errno;
	return 0;
}

static bool add_value(struct json_object *object, const char *key, const char *text)
{
	return !answer_add(object, key, json_object_new_string(text));
}

static int print_json(const struct finding *f)
{
	struct json_object *object = json_object_new_object();
	int err = -ENOMEM;

	if (add_value(object, "check", f->check) &&
	    add_value(object, "result", diagnosis_result_name(f->result)) &&
	    add_value(object, "text", f->text) &&
	    (!f->advice[0] || add_value(object, "advice", f->advice)))
		err = answer_print(object, false, stdout);
	if (!err && putchar('\n') == EOF)
		err = -errno;
	json_object_put(object);
	return err;
}

static int print(const struct diagnosis *d, bool json)
{
	int err = 0;

	for (size_t i = 0; !err && i < d->n; i++)
		err = json ? print_json(&d->list[i]) : print_text(&d->list[i]);
	if (!err && fflush(stdout))
		err = -errno;
	return err;
}

/* The exit status that a run with the defaults would have, if it can be foreseen. */
static int exit_code_of(const struct xdptail_probe *p)
{
	if (p->open_err)
		return exit_code_of_open(p->open_err);
	if (p->attach_err)
		return exit_code_of_attach(p->attach_err);
	return EXIT_CODE_DONE;
}

static int examine(const struct doctor_arguments *w)
{
	struct xdptail_probe probe = { .size = sizeof(probe) };
	struct diagnosis diagnosis;
	int err = xdptail_probe(w->interface, &probe);

	if (err) {
		log_error("doctor: %s", strerror(-err));
		return EXIT_CODE_FAILED;
	}
	diagnose(&probe, &diagnosis);
	err = print(&diagnosis, w->json);
	if (err) {
		log_error("doctor: cannot write to stdout: %s", strerror(-err));
		return EXIT_CODE_FAILED;
	}
	return exit_code_of(&probe);
}

int doctor_main(int argc, char *const argv[])
{
	struct doctor_arguments wishes = { 0 };

	if (parse_arguments(&wishes, argc, argv))
		return EXIT_CODE_USAGE;
	if (wishes.help)
		return fputs(help, stdout) < 0 || fflush(stdout) ? EXIT_CODE_FAILED :
								   EXIT_CODE_DONE;
	return examine(&wishes);
}
