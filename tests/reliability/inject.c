/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later */

/* To be preloaded: lets the n-th call of one kind fail.
 *
 *   LSR_INJECT_CALL    open, write, fsync, rename, or malloc
 *   LSR_INJECT_N       which call fails, counted from 1
 *   LSR_INJECT_FOLDER  files outside of this folder do not count
 *   LSR_INJECT_BYTES   allocations of fewer bytes do not count
 *   LSR_INJECT_LOG     a file that is created when the call has failed
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *kind, *folder, *record;
static long        which, n_bytes;
static atomic_long count;

__attribute__((constructor)) static void
read_environment(void)
{
  const char *n     = getenv("LSR_INJECT_N");
  const char *bytes = getenv("LSR_INJECT_BYTES");
  folder            = getenv("LSR_INJECT_FOLDER");
  record            = getenv("LSR_INJECT_LOG");
  which             = n ? atol(n) : 0;
  n_bytes           = bytes ? atol(bytes) : 0;
  kind              = getenv("LSR_INJECT_CALL");
}

/* Whether this call has to fail. */
static int
fails(const char *call)
{
  if (kind == NULL || which == 0 || strcmp(kind, call) != 0 ||
      atomic_fetch_add(&count, 1) + 1 != which)
    return 0;
  const long descriptor =
    syscall(SYS_openat, AT_FDCWD, record, O_CREAT | O_WRONLY, 0666);
  syscall(SYS_close, descriptor);
  return 1;
}

static int
in_folder(const char *path)
{
  char absolute[4096];
  if (folder == NULL || path == NULL)
    return 0;
  if (path[0] != '/')
    {
      if (getcwd(absolute, sizeof(absolute)) == NULL)
        return 0;
      return strncmp(absolute, folder, strlen(folder)) == 0;
    }
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int
is_of_folder(const int descriptor)
{
  char          name[64], path[4096];
  const int     saved = errno;
  ssize_t       n;
  snprintf(name, sizeof(name), "/proc/self/fd/%d", descriptor);
  n     = readlink(name, path, sizeof(path) - 1);
  errno = saved;
  if (n <= 0)
    return 0;
  path[n] = 0;
  return path[0] == '/' && in_folder(path);
}

#define NEXT(name) \
  static __typeof__(&name) next; \
  if (next == NULL) \
  next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define OPEN(name) \
  int name(const char *path, int flags, ...) \
  { \
    NEXT(name); \
    va_list arguments; \
    va_start(arguments, flags); \
    const mode_t mode = va_arg(arguments, mode_t); \
    va_end(arguments); \
    if ((flags & (O_WRONLY | O_RDWR)) && in_folder(path) && fails("open")) \
      { \
        errno = EMFILE; \
        return -1; \
      } \
    return next(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

FILE *
fopen(const char *path, const char *mode)
{
  NEXT(fopen);
  if (strpbrk(mode, "wa+") && in_folder(path) && fails("open"))
    {
      errno = EMFILE;
      return NULL;
    }
  return next(path, mode);
}

FILE *
fopen64(const char *path, const char *mode)
{
  NEXT(fopen64);
  if (strpbrk(mode, "wa+") && in_folder(path) && fails("open"))
    {
      errno = EMFILE;
      return NULL;
    }
  return next(path, mode);
}

ssize_t
write(int descriptor, const void *data, size_t size)
{
  NEXT(write);
  if (is_of_folder(descriptor) && fails("write"))
    {
      errno = ENOSPC;
      return -1;
    }
  return next(descriptor, data, size);
}

ssize_t
writev(int descriptor, const struct iovec *data, int n)
{
  NEXT(writev);
  if (is_of_folder(descriptor) && fails("write"))
    {
      errno = ENOSPC;
      return -1;
    }
  return next(descriptor, data, n);
}

#define PWRITE(name, offset_type) \
  ssize_t name(int descriptor, const void *data, size_t size, offset_type at) \
  { \
    NEXT(name); \
    if (is_of_folder(descriptor) && fails("write")) \
      { \
        errno = ENOSPC; \
        return -1; \
      } \
    return next(descriptor, data, size, at); \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

int
fsync(int descriptor)
{
  NEXT(fsync);
  if (is_of_folder(descriptor) && fails("fsync"))
    {
      errno = EIO;
      return -1;
    }
  return next(descriptor);
}

int
rename(const char *from, const char *to)
{
  NEXT(rename);
  if (in_folder(to) && fails("rename"))
    {
      errno = EIO;
      return -1;
    }
  return next(from, to);
}

/* Names of glibc, for dlsym() itself allocates. */
extern void *__libc_malloc(size_t);
extern void *__libc_memalign(size_t, size_t);

void *
malloc(size_t size)
{
  if (n_bytes > 0 && size >= (size_t)n_bytes && fails("malloc"))
    {
      errno = ENOMEM;
      return NULL;
    }
  return __libc_malloc(size);
}

int
posix_memalign(void **result, size_t alignment, size_t size)
{
  if (n_bytes > 0 && size >= (size_t)n_bytes && fails("malloc"))
    return ENOMEM;
  *result = __libc_memalign(alignment, size);
  return *result == NULL && size > 0 ? ENOMEM : 0;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
  if (n_bytes > 0 && size >= (size_t)n_bytes && fails("malloc"))
    {
      errno = ENOMEM;
      return NULL;
    }
  return __libc_memalign(alignment, size);
}
