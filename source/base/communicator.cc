// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/communicator.h>

namespace lsr
{
#ifdef LSR_WITH_MPI
  namespace
  {
    void
    sum_in_place(double *values, const std::size_t n, MPI_Comm communicator)
    {
      // MPI counts are ints: send long arrays in pieces.
      constexpr std::size_t piece = std::size_t(1) << 28;
      for (std::size_t first = 0; first < n; first += piece)
        MPI_Allreduce(MPI_IN_PLACE,
                      values + first,
                      static_cast<int>(std::min(piece, n - first)),
                      MPI_DOUBLE,
                      MPI_SUM,
                      communicator);
    }
  } // namespace

  unsigned int
  Communicator::rank() const
  {
    int rank        = 0;
    int initialized = 0;
    MPI_Initialized(&initialized);
    if (initialized)
      MPI_Comm_rank(mpi_communicator, &rank);
    return rank;
  }

  unsigned int
  Communicator::size() const
  {
    int size        = 1;
    int initialized = 0;
    MPI_Initialized(&initialized);
    if (initialized)
      MPI_Comm_size(mpi_communicator, &size);
    return size;
  }

  double
  Communicator::sum(double value) const
  {
    if (size() > 1)
      sum_in_place(&value, 1, mpi_communicator);
    return value;
  }

  void
  Communicator::sum(const Column &values) const
  {
    if (size() == 1)
      return;
    const auto host =
      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values);
    sum_in_place(host.data(), host.size(), mpi_communicator);
    Kokkos::deep_copy(values, host);
  }

  void
  Communicator::sum(const Block &values) const
  {
    if (size() == 1)
      return;
    // A contiguous copy: a block may be a slice of a longer one.
    Kokkos::View<double **, Kokkos::LayoutLeft, Kokkos::HostSpace> host(
      "host", values.extent(0), values.extent(1));
    Kokkos::deep_copy(host, values);
    sum_in_place(host.data(), host.size(), mpi_communicator);
    Kokkos::deep_copy(values, host);
  }
#else
  unsigned int
  Communicator::rank() const
  {
    return 0;
  }

  unsigned int
  Communicator::size() const
  {
    return 1;
  }

  double
  Communicator::sum(double value) const
  {
    return value;
  }

  void
  Communicator::sum(const Column &) const
  {}

  void
  Communicator::sum(const Block &) const
  {}
#endif
} // namespace lsr
