// SPDX-License-Identifier: BSD-2-Clause
/* The two threads of an output's queue under ThreadSanitizer, which ends the program where one of
 * them reads what the other may be writing. The consumer also says that it has written nothing,
 * as it does when the queue is empty. Without Criterion, which does not start under it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "output/queue.h"

#define LINE	 "{\"a\":1}\n"
#define LINE_LEN (sizeof(LINE) - 1)
#define LINES	 20000
#define CAPACITY (1U << 16) /* bytes: the queue is full and empty many times */
#define RUN_MAX	 4096

static void *produce(void *arg)
{
	struct queue *queue = arg;

	for (int lines = 0; lines < LINES;) {
		lines += queue_put(queue, LINE, LINE_LEN, RECORD_PACKET);
		(void)queue_publish(queue); /* nobody sleeps, so nobody is to be woken */
	}
	return NULL;
}

int main(void)
{
	struct queue *queue;
	pthread_t producer;
	const char *text;

	if (queue_new(&queue, CAPACITY) || pthread_create(&producer, NULL, produce, queue)) {
		perror("queue");
		return EXIT_FAILURE;
	}
	for (size_t bytes = 0; bytes < LINES * LINE_LEN;) {
		size_t len = queue_run(queue, RUN_MAX, &text);

		queue_written(queue, len);
		bytes += len;
	}
	pthread_join(producer, NULL);
	queue_free(queue);
	puts("queue: 1 passed, 0 failed");
	return EXIT_SUCCESS;
}
