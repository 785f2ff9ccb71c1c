// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_base_communicator_h
#define lsr_base_communicator_h

#include <lsr/base/config.h>
#include <lsr/base/types.h>

#ifdef LSR_WITH_MPI
#  include <mpi.h>
#endif

namespace lsr
{
  /**
   * The ranks over which the rows of a residual are distributed.
   *
   * A thin handle around an MPI communicator, so that the core of the library
   * also builds where there is no MPI; then there is exactly one rank and all
   * collectives do nothing. Default constructed it stands for this rank alone.
   */
  class Communicator
  {
  public:
    Communicator() = default;

#ifdef LSR_WITH_MPI
    Communicator(MPI_Comm mpi_communicator)
      : mpi_communicator(mpi_communicator)
    {}

    /// The MPI communicator behind this object.
    MPI_Comm
    get() const
    {
      return mpi_communicator;
    }
#endif

    unsigned int
    rank() const;

    unsigned int
    size() const;

    /// Replace @p value by its sum over all ranks. Collective.
    double
    sum(double value) const;

    /// Replace the entries by their sums over all ranks. Collective.
    void
    sum(const Column &values) const;

    /// @copydoc sum(const Column&) const
    void
    sum(const Block &values) const;

    /// The columns of the blocks of all ranks, rank by rank. All blocks must
    /// have the same number of rows. Collective.
    Block
    gather_columns(const Block &values) const;

  private:
#ifdef LSR_WITH_MPI
    MPI_Comm mpi_communicator = MPI_COMM_SELF;
#endif
  };
} // namespace lsr

#endif
