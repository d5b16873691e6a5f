/* Records what a program writes below one folder, and when it is told that the disk has it.
 *
 * Loaded with LD_PRELOAD. POWER_CUT_FOLDER is the folder, POWER_CUT_LOG the file that gets one record a call, in the
 * order of the calls over all processes (the log is opened with O_APPEND, a record is one write). A write is recorded
 * after it was done, the begin of a sync before it and its end after it: so what was recorded before a begin is what
 * that sync made durable, at least.
 *
 * Record: op (1), thread (4), offset (8), length of path (2), length of data (4), path, data; little-endian.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD 19

static int log_fd = -1;
static const char *folder;
static size_t folder_length;

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

static void put(unsigned char *at, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static int begun(void) {
    if (log_fd == -1) {
        const char *log = getenv("POWER_CUT_LOG");
        folder = getenv("POWER_CUT_FOLDER");
        log_fd = log && folder ? (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -2;
        folder_length = folder ? strlen(folder) : 0;
    }
    return log_fd >= 0;
}

static void record(char op, uint64_t offset, const char *path, const void *data, size_t length) {
    int saved = errno;
    size_t path_length = strlen(path);
    unsigned char head[HEAD];
    head[0] = (unsigned char)op;
    put(head + 1, (uint64_t)syscall(SYS_gettid), 4);
    put(head + 5, offset, 8);
    put(head + 13, path_length, 2);
    put(head + 15, length, 4);
    struct iovec parts[3] = {{head, HEAD}, {(void *)path, path_length}, {(void *)data, length}};
    if (syscall(SYS_writev, log_fd, parts, 3) != (long)(HEAD + path_length + length)) {
        fprintf(stderr, "power cut: the record could not be written\n");
        abort();
    }
    errno = saved;
}

/* The path of a descriptor below the folder, or NULL. */
static const char *path_of(int fd, char *room, size_t size) {
    char link[64];
    if (!begun())
        return NULL;
    int saved = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, room, size - 1);
    errno = saved;
    if (length <= 0)
        return NULL;
    room[length] = 0;
    return strncmp(room, folder, folder_length) == 0 ? room : NULL;
}

static void wrote(int fd, const void *data, ssize_t length, int64_t offset) {
    char room[4096];
    if (length <= 0)
        return;
    const char *path = path_of(fd, room, sizeof room);
    if (path)
        record('W', (uint64_t)(offset >= 0 ? offset : syscall(SYS_lseek, fd, 0, SEEK_CUR) - length), path, data, (size_t)length);
}

ssize_t write(int fd, const void *data, size_t length) {
    ssize_t done = REAL(write)(fd, data, length);
    wrote(fd, data, done, -1);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    ssize_t done = REAL(pwrite)(fd, data, length, offset);
    wrote(fd, data, done, offset);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    ssize_t done = REAL(pwrite64)(fd, data, length, offset);
    wrote(fd, data, done, offset);
    return done;
}

static void truncated(int fd, int64_t length) {
    char room[4096];
    const char *path = path_of(fd, room, sizeof room);
    if (path)
        record('T', (uint64_t)length, path, "", 0);
}

int ftruncate(int fd, off_t length) {
    int failed = REAL(ftruncate)(fd, length);
    if (!failed)
        truncated(fd, length);
    return failed;
}

int ftruncate64(int fd, off64_t length) {
    int failed = REAL(ftruncate64)(fd, length);
    if (!failed)
        truncated(fd, length);
    return failed;
}

static int synced(int fd, int (*sync)(int)) {
    char room[4096];
    const char *path = path_of(fd, room, sizeof room);
    if (path)
        record('B', 0, path, "", 0);
    int failed = sync(fd);
    if (path && !failed)
        record('S', 0, path, "", 0);
    return failed;
}

int fsync(int fd) { return synced(fd, REAL(fsync)); }

int fdatasync(int fd) { return synced(fd, REAL(fdatasync)); }

static void named(char op, const char *path, const char *other) {
    char absolute[4096], target[4096];
    if (!begun())
        return;
    const char *from = path, *to = other;
    if (path[0] != '/' && getcwd(absolute, sizeof absolute / 2)) {
        strncat(strcat(absolute, "/"), path, sizeof absolute / 2 - 2);
        from = absolute;
    }
    if (other[0] && other[0] != '/' && getcwd(target, sizeof target / 2)) {
        strncat(strcat(target, "/"), other, sizeof target / 2 - 2);
        to = target;
    }
    if (strncmp(from, folder, folder_length) == 0)
        record(op, 0, from, to, strlen(to));
}

int unlink(const char *path) {
    int failed = REAL(unlink)(path);
    if (!failed)
        named('U', path, "");
    return failed;
}

int rename(const char *from, const char *to) {
    int failed = REAL(rename)(from, to);
    if (!failed)
        named('R', from, to);
    return failed;
}
