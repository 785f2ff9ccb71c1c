// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/communicator.h>

#include <algorithm>
#include <numeric>
#include <vector>

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

  Block
  Communicator::gather_columns(const Block &values) const
  {
    if (size() == 1)
      return values;
    const int        n_own = values.size();
    std::vector<int> counts(size()), places(size(), 0);
    MPI_Allgather(
      &n_own, 1, MPI_INT, counts.data(), 1, MPI_INT, mpi_communicator);
    std::partial_sum(counts.begin(), counts.end() - 1, places.begin() + 1);
    const std::size_t n_rows = values.extent(0);
    const HostBlock   own    = to_host(values);
    const HostBlock   all("all",
                        n_rows,
                        n_rows == 0 ?
                            0 :
                            std::size_t(places.back() + counts.back()) / n_rows);
    MPI_Allgatherv(own.data(),
                   n_own,
                   MPI_DOUBLE,
                   all.data(),
                   counts.data(),
                   places.data(),
                   MPI_DOUBLE,
                   mpi_communicator);
    return to_memory_space(all);
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

  Block
  Communicator::gather_columns(const Block &values) const
  {
    return values;
  }
#endif
} // namespace lsr
