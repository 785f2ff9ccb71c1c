// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "base/rehearse.h"

#include <lsr/base/exceptions.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lsr
{
  namespace
  {
    [[noreturn]] void
    run_and_end(const std::function<void()> &function, const rlim_t seconds)
    {
      // Neither the handlers of this program nor files of its memory.
      for (const int number :
           {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU})
        signal(number, SIG_DFL);
      const rlimit none = {0, 0};
      setrlimit(RLIMIT_CORE, &none);
      const rlimit time = {seconds, seconds + 1};
      setrlimit(RLIMIT_CPU, &time);
      try
        {
          function();
        }
      catch (...)
        {} // it will be thrown again
      _exit(0);
    }
  } // namespace



  void
  rehearse(const std::function<void()> &function,
           const std::string           &failure,
           const std::uintmax_t         seconds)
  {
    const pid_t child = fork();
    if (child == 0)
      run_and_end(function, seconds);
    if (child < 0)
      return; // no more processes: as it would be without
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
      if (errno != EINTR)
        return;
    require(!WIFSIGNALED(status),
            failure + " (" + strsignal(WTERMSIG(status)) + ")");
    // Sanitizers end it so.
    require(WEXITSTATUS(status) == 0, failure);
  }
} // namespace lsr
