// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The main function of all tests: starts what they stand on, and lets one rank
// speak for all unless another one has a failure to report.

#include <lsr/base/config.h>

#include <Kokkos_Core.hpp>
#include <gtest/gtest.h>

#ifdef LSR_TEST_WITH_DEALII
#  include <deal.II/base/mpi.h>
#elif defined(LSR_WITH_MPI)
#  include <mpi.h>
#endif

#include <iostream>
#include <memory>

namespace
{
  class FailurePrinter : public testing::EmptyTestEventListener
  {
  public:
    explicit FailurePrinter(const int rank)
      : rank(rank)
    {}

  private:
    void
    OnTestPartResult(const testing::TestPartResult &result) override
    {
      if (!result.failed())
        return;
      std::cerr << "Rank " << rank << ": ";
      if (result.file_name() != nullptr) // not for exceptions
        std::cerr << result.file_name() << ':' << result.line_number() << '\n';
      std::cerr << result.summary() << std::endl;
    }

    const int rank;
  };

  void
  silence_all_ranks_but_the_first()
  {
#ifdef LSR_WITH_MPI
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0)
      return;
    auto &listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter(rank));
#endif
  }

  int
  run_with_kokkos(int argc, char **argv)
  {
    // deal.II starts Kokkos itself from version 9.5 on.
    std::unique_ptr<Kokkos::ScopeGuard> guard;
    if (!Kokkos::is_initialized())
      guard = std::make_unique<Kokkos::ScopeGuard>(argc, argv);
    silence_all_ranks_but_the_first();
    return RUN_ALL_TESTS();
  }
} // namespace

int
main(int argc, char **argv)
{
  testing::InitGoogleTest(&argc, argv);
#ifdef LSR_TEST_WITH_DEALII
  dealii::Utilities::MPI::MPI_InitFinalize mpi(argc, argv, 1);
#elif defined(LSR_WITH_MPI)
  MPI_Init(&argc, &argv);
#endif
  const int status = run_with_kokkos(argc, argv);
#if !defined(LSR_TEST_WITH_DEALII) && defined(LSR_WITH_MPI)
  MPI_Finalize();
#endif
  return status;
}
