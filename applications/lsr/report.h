// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_report_h
#define lsr_applications_report_h

#include <lsr/base/timer.h>
#include <lsr/dense/least_squares.h>
#include <lsr/fe/comparison.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace lsr
{
  /// Print the times of all stages as a table whose last row is their sum. Call
  /// it on one rank.
  void
  print_times(std::ostream &out, const Timer &timer);



  /**
   * Everything that is worth knowing after a refinement, for programs that read
   * it. write_report() puts it into a file of this form:
   *
   * @code{.json}
   * {
   *   "problem": "poisson",
   *   "dofs": 16641,
   *   "dofs_of_comparison": 16641,
   *   "parameters": 83073,
   *   "network_sha256": "8b1a...",
   *   "rank": 1000,
   *   "subspace": "structured",
   *   "norm": "dual",
   *   "error": {
   *     "network": {"L2": 3e-3, "H1": 1e-2, "Linf": 9e-3},
   *     "refined": {...}, "fem": {...}, "relative": true
   *   },
   *   "difference_to_fem": {"network": 3e-3, "refined": 2e-6,
   *                         "relative": true},
   *   "residual": {"network": 1.0, "refined": 1e-5, "fem": 1e-13},
   *   "seconds": {"load": 0.1, ...},
   *   "profile": {"rank": [...], "loss": [...], "condition": [...],
   *               "coefficient_norm": [...]},
   *   "files": ["solution.vtu", ...]
   * }
   * @endcode
   *
   * All keys are always there. Errors are those of FieldErrors; a number that
   * is not known or not finite is null.
   */
  struct Report
  {
    std::string   problem;
    std::uint64_t n_dofs = 0;

    /// Of the mesh of the errors, which may be finer than that of the residual.
    std::uint64_t n_dofs_of_comparison = 0;

    std::uint64_t n_parameters = 0;

    /// The SHA-256 of the file of the network; empty if there was none.
    std::string network_checksum;

    std::uint64_t rank = 0;
    std::string   subspace;
    std::string   norm;
    Comparison    comparison;
    Timer         timer;

    /// Beginning with rank 0.
    RankProfile profile;

    /// Other files that the run has written into the folder of the report.
    std::vector<std::string> files;
  };

  /// The @p report as a JSON text.
  std::string
  to_json(const Report &report);

  /**
   * Rank 0 of @p communicator writes @p report to the file @p path, as a whole
   * or not at all. Collective.
   *
   * @throw Error on all ranks, with the path and the reason, if this fails.
   */
  void
  write_report(const std::string &path,
               const Report      &report,
               const MPI_Comm     communicator);
} // namespace lsr

#endif
