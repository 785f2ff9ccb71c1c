/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later */

/* To be preloaded: lets the n-th call of one kind fail.
 *
 *   LSR_INJECT_CALL    read, open, write, fsync, rename, malloc, or exit: the
 *                      fsync ends the program, as libraries do
 *   LSR_INJECT_N       which call fails, counted from 1; 0: none
 *   LSR_INJECT_FOLDER  files outside of this folder do not count
 *   LSR_INJECT_BYTES   allocations of fewer bytes do not count; never do those
 *                      before the first file of the folder is opened, and those
 *                      in which libraries and MPI start, or MPI opens a file,
 *                      which end the program in their own ways
 *   LSR_INJECT_LOG     a file that is created when the call has failed, or, if
 *                      none was to fail, gets the number of calls at the end
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *kind, *folder, *record;
static long        which, n_bytes;
static atomic_long count;
static atomic_int  has_begun;

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

__attribute__((destructor)) static void
write_number_of_calls(void)
{
  /* Not one that this one has started, which may end later, as MPI's helpers do. */
  FILE *file =
    kind != NULL && which == 0 && has_begun ? fopen(record, "w") : NULL;
  if (file == NULL)
    return;
  fprintf(file, "%ld\n", (long)count);
  fclose(file);
}

/* Whether this call has to fail. */
static int
fails(const char *call)
{
  if (kind == NULL || strcmp(kind, call) != 0 ||
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
    if (in_folder(path)) \
      has_begun = 1; \
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
  if (in_folder(path))
    has_begun = 1;
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
  if (in_folder(path))
    has_begun = 1;
  if (strpbrk(mode, "wa+") && in_folder(path) && fails("open"))
    {
      errno = EMFILE;
      return NULL;
    }
  return next(path, mode);
}

ssize_t
read(int descriptor, void *data, size_t size)
{
  NEXT(read);
  if (is_of_folder(descriptor) && fails("read"))
    {
      errno = EIO;
      return -1;
    }
  return next(descriptor, data, size);
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

#define AT(name, data_type, offset_type, call, reason) \
  ssize_t name(int descriptor, data_type data, size_t size, offset_type at) \
  { \
    NEXT(name); \
    if (is_of_folder(descriptor) && fails(call)) \
      { \
        errno = reason; \
        return -1; \
      } \
    return next(descriptor, data, size, at); \
  }
AT(pread, void *, off_t, "read", EIO)
AT(pread64, void *, off64_t, "read", EIO)
AT(pwrite, const void *, off_t, "write", ENOSPC)
AT(pwrite64, const void *, off64_t, "write", ENOSPC)

int
fsync(int descriptor)
{
  NEXT(fsync);
  if (is_of_folder(descriptor) && fails("exit"))
    exit(1);
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

/* How many calls there are in which libraries start or MPI opens a file. */
static _Thread_local int n_starting;

void *
dlopen(const char *name, int flags)
{
  NEXT(dlopen);
  ++n_starting;
  void *const handle = next(name, flags);
  --n_starting;
  return handle;
}

/* As mpi.h declares it. */
int MPI_Init_thread(int *, char ***, int, int *);

int
MPI_Init_thread(int *n, char ***arguments, int required, int *provided)
{
  NEXT(MPI_Init_thread);
  ++n_starting;
  const int error = next(n, arguments, required, provided);
  --n_starting;
  return error;
}

/* As mpi.h declares it where handles are pointers; numbers pass, too. */
int MPI_File_open(void *, const char *, int, void *, void *);

int
MPI_File_open(void *ranks, const char *path, int mode, void *info, void *file)
{
  NEXT(MPI_File_open);
  ++n_starting;
  const int error = next(ranks, path, mode, info, file);
  --n_starting;
  return error;
}

/* The loader calls malloc() for a thread's variables at their first use. */
static int
is_loader(const void *caller)
{
  return (uintptr_t)caller - getauxval(AT_BASE) < 0x40000;
}

/* Names of glibc, for dlsym() itself allocates. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static int
is_refused(size_t size, const void *caller)
{
  if (n_bytes == 0 || size < (size_t)n_bytes || !has_begun || n_starting > 0 ||
      is_loader(caller) || !fails("malloc"))
    return 0;
  errno = ENOMEM;
  return 1;
}

void *
malloc(size_t size)
{
  return is_refused(size, __builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
  return is_refused(n * size, __builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *memory, size_t size)
{
  return is_refused(size, __builtin_return_address(0)) ? NULL : __libc_realloc(memory, size);
}

int
posix_memalign(void **result, size_t alignment, size_t size)
{
  if (is_refused(size, __builtin_return_address(0)))
    return ENOMEM;
  *result = __libc_memalign(alignment, size);
  return *result == NULL && size > 0 ? ENOMEM : 0;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
  return is_refused(size, __builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}
