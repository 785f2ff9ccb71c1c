// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_linear_case_h
#define lsr_refine_linear_case_h

#include <lsr/network/network.h>
#include <lsr/refine/linearized_residual.h>
#include <lsr/refine/make_tangent_basis.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/sampling.h>

#include <string>

namespace lsr
{
  /**
   * All that refine() needs for a linear problem, as one HDF5 file: network,
   * points, assembled residual and tangent. Where it is refined neither mesh
   * nor equation is known any more.
   *
   * @code
   *   const auto problem  = lsr::LinearCase::load("case.h5");
   *   const auto network  = problem.load_network();
   *   lsr::LinearizedResidual residual(problem.linearization);
   *   const auto basis = lsr::make_tangent_basis(
   *     network, problem.basis, problem.sampling.points);
   *   const auto refined = lsr::refine(
   *     network, *basis, problem.sampling, residual, problem.refinement);
   * @endcode
   *
   * applications/examples/refine-case/README.md lists the data sets of the
   * file.
   */
  struct LinearCase
  {
    /// Of the problem, for reports.
    std::string name = "problem";

    /// The network: the bytes of a TorchScript file, its scaling, and how many
    /// outputs it has. It is a program: load only what you trust.
    std::string      model;
    Network::Scaling scaling;
    unsigned int     n_outputs = 1;

    /// Where the network is evaluated; its values there are those of the
    /// linearization.
    Sampling sampling;

    Linearization linearization;

    /// The subspace.
    TangentBasisParameters basis;

    /// Of these, rank, rank_slack and drop_tolerance are part of the file.
    RefinementParameters refinement;

    /// Throws lsr::Error as Network::load_bytes() does.
    Network
    load_network() const;

    /// Throw lsr::Error, with @p path in front, unless everything fits
    /// together. The network is not looked at.
    void
    check(const std::string &path) const;

    /// Write the file, as a whole or not at all. Throws lsr::Error as check()
    /// and write_atomically() do.
    void
    save(const std::string &path) const;

    /// Read what save() wrote. Throws lsr::Error with the path and what is
    /// wrong if the file is missing or damaged, was written in another format,
    /// lacks a data set, or does not pass check().
    static LinearCase
    load(const std::string &path);
  };
} // namespace lsr

#endif
