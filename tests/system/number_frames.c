// SPDX-License-Identifier: BSD-2-Clause
/* number_frames FILE > COPY: the same frames, at one, two, three … seconds after 1970, so that a
 * reader of COPY knows which frame it was. Ends where FILE ends or is broken, with 0.
 */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char *argv[])
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	struct pcap_pkthdr numbered;
	const u_char *data;
	pcap_dumper_t *out;
	pcap_t *in;
	long n = 0;

	in = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
	if (!in) {
		fprintf(stderr, "number_frames: %s\n", argc == 2 ? why : "one FILE is wanted");
		return 1;
	}
	out = pcap_dump_fopen(in, stdout);
	if (!out) {
		fprintf(stderr, "number_frames: %s\n", pcap_geterr(in));
		return 1;
	}
	while (pcap_next_ex(in, &header, &data) == 1) {
		numbered = *header;
		numbered.ts.tv_sec = ++n;
		numbered.ts.tv_usec = 0;
		pcap_dump((u_char *)out, &numbered, data);
	}
	if (pcap_dump_flush(out)) {
		perror("number_frames");
		return 1;
	}
	pcap_dump_close(out);
	pcap_close(in);
	return 0;
}
