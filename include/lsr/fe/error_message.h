// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_error_message_h
#define lsr_fe_error_message_h

#include <lsr/base/exceptions.h>

#include <deal.II/base/mpi.h>

#include <exception>
#include <functional>
#include <string>

namespace lsr
{
  /**
   * The message of an exception: for those of deal.II without the frame of
   * file, line, condition and stack trace around it, for others what().
   */
  std::string
  error_message(const std::exception &exception);

  /**
   * Run @p action on rank 0 of @p communicator. If it throws there, every rank
   * throws an Error with the same message, so that no rank waits for one that
   * has given up. Collective.
   *
   * For work that one process does for all, such as writing a file.
   */
  inline void
  on_first_rank(const MPI_Comm               communicator,
                const std::function<void()> &action)
  {
    std::string message;
    if (dealii::Utilities::MPI::this_mpi_process(communicator) == 0)
      try
        {
          action();
        }
      catch (const std::exception &exception)
        {
          message = exception.what();
        }
    message = dealii::Utilities::MPI::broadcast(communicator, message);
    require(message.empty(), message);
  }
} // namespace lsr

#endif
