/*
 * bench/picture_convert.c: CPU and memory of making a 512 px WebP of a large photograph, alone and
 * four at once.  As in the server, as many are worked on as there are cores; the others wait.
 *
 * usage: picture_convert FILE AT_ONCE ROUNDS     prints: CPU ms a picture, wall ms a picture, peak
 * MiB
 */
#include "image/image.h"
#include "measure.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIDE_PX = 512, QUALITY = 82, AT_ONCE_MAX = 16 };

struct job {
    struct str bytes;
    int64_t rounds;
    sem_t *cores;
};

static void *convert(void *context)
{
    const struct job *job = context;
    const struct image_limits limits = {0};

    for (int64_t round = 0; round < job->rounds; round++) {
        CLEANUP(arena_cleanup) struct arena *arena = arena_create(MIB(64));
        struct image_info info;
        struct error err = {0};
        struct str out;

        (void)sem_wait(job->cores);
        if (!image_probe(job->bytes, &limits, &info, &err) ||
            !image_convert(job->bytes, &info, IMAGE_WEBP, SIDE_PX, QUALITY, arena, &out, &err)) {
            fprintf(stderr, "%s %s\n", err.message, err.detail);
            exit(1);
        }
        (void)sem_post(job->cores);
    }
    return NULL;
}

static struct str read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data = malloc(MIB(64));
    size_t size = file == NULL || data == NULL ? 0 : fread(data, 1, MIB(64), file);

    if (size == 0) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    return (struct str){.data = data, .size = size};
}

int main(int argc, char **argv)
{
    pthread_t threads[AT_ONCE_MAX];
    struct rusage usage;
    struct error err;
    struct job job;
    sem_t cores;
    int64_t at_once;
    double cpu, wall;

    if (argc != 4 || !str_to_int64(str_of(argv[2]), &at_once) ||
        !str_to_int64(str_of(argv[3]), &job.rounds) || at_once < 1 || at_once > AT_ONCE_MAX) {
        fprintf(stderr, "usage: %s FILE AT_ONCE ROUNDS\n", argv[0]);
        return 1;
    }
    if (!image_init(&err)) /* as the server does */
        return 1;
    if (sem_init(&cores, 0, (unsigned)sysconf(_SC_NPROCESSORS_ONLN)) != 0)
        return 1;
    job.bytes = read_file(argv[1]);
    job.cores = &cores;
    (void)convert(
        &(struct job){job.bytes, 1, &cores}); /* libraries are loaded at the first picture */
    cpu = cpu_seconds();
    wall = wall_seconds();
    for (int64_t index = 0; index < at_once; index++)
        if (pthread_create(&threads[index], NULL, convert, &job) != 0)
            return 1;
    for (int64_t index = 0; index < at_once; index++)
        (void)pthread_join(threads[index], NULL);
    cpu = cpu_seconds() - cpu;
    wall = wall_seconds() - wall;
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("%.1f %.1f %.1f\n", cpu * 1000 / (double)(at_once * job.rounds),
           wall * 1000 / (double)(at_once * job.rounds), (double)usage.ru_maxrss / 1024);
    return 0;
}
