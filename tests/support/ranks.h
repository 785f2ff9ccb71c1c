// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_tests_support_ranks_h
#define lsr_tests_support_ranks_h

#include <lsr/base/communicator.h>
#include <lsr/base/types.h>

#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

namespace lsr::test
{
  inline bool
  is_first_rank()
  {
    return Communicator(MPI_COMM_WORLD).rank() == 0;
  }

  /// Waits in the end until all ranks are there, without keeping a core busy.
  struct WaitForAllRanks
  {
    ~WaitForAllRanks()
    {
      MPI_Request request;
      int         all_are_there = 0;
      MPI_Ibarrier(MPI_COMM_WORLD, &request);
      while (MPI_Test(&request, &all_are_there, MPI_STATUS_IGNORE),
             all_are_there == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  };

  /**
   * Let all ranks together call @p compute with their communicator, then the
   * first rank alone. There the two outcomes are handed to @p compare:
   * `compare(together, alone)`.
   */
  template <typename Compute, typename Compare>
  void
  compare_with_one_rank(const Compute &compute, const Compare &compare)
  {
    const auto            together = compute(MPI_COMM_WORLD);
    const WaitForAllRanks wait;
    if (is_first_rank())
      compare(together, compute(MPI_COMM_SELF));
  }

  /// Expect the same bits on all ranks of a communicator.
  inline void
  expect_same_bits(const double     *values,
                   const std::size_t n,
                   const MPI_Comm    communicator = MPI_COMM_WORLD)
  {
    std::vector<double> of_first(values, values + n);
    MPI_Bcast(of_first.data(), int(n), MPI_DOUBLE, 0, communicator);
    EXPECT_EQ(std::memcmp(values, of_first.data(), n * sizeof(double)), 0);
  }

  inline void
  expect_same_bits(const Block &A, const MPI_Comm communicator = MPI_COMM_WORLD)
  {
    const Block whole = make_block(A.extent(0), A.extent(1));
    Kokkos::deep_copy(whole, A);
    const HostBlock host = to_host(whole);
    expect_same_bits(host.data(), host.size(), communicator);
  }

  inline void
  expect_same_bits(const Column  &x,
                   const MPI_Comm communicator = MPI_COMM_WORLD)
  {
    const HostColumn host = to_host(x);
    expect_same_bits(host.data(), host.size(), communicator);
  }
} // namespace lsr::test

#endif
