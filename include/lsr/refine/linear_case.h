// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_linear_case_h
#define lsr_refine_linear_case_h

#include <lsr/base/types.h>
#include <lsr/dense/sparse_matrix.h>
#include <lsr/network/network.h>
#include <lsr/refine/refinement.h>
#include <lsr/refine/residual.h>
#include <lsr/refine/sampling.h>
#include <lsr/refine/tangent_basis.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lsr
{
  /**
   * A residual about the values $q_0$: the numbers that
   * $f(q) = f(q_0) + A\,(q - q_0)$ is made of, and how it is measured. Nothing
   * of the equation or the mesh is left in it.
   */
  struct Linearization
  {
    enum class Norm
    {
      /// $\|f\|^2 = f^T f$
      euclidean,
      /// $\|f\|^2 = f^T A^{-1} f$ with a Jacobian that is symmetric and, but
      /// for the rows and columns of constrained values, which are zero,
      /// positive definite.
      energy
    };

    /// $q_0$
    std::vector<double> values;

    /// $f(q_0)$
    std::vector<double> residual;

    /// $A$: as many rows as @p residual, as many columns as @p values. Columns
    /// of constrained values have no entries.
    CompressedRows jacobian;

    /// Values that constraints determine, not the network.
    std::vector<std::size_t> constrained;

    /// Their values: value constrained[k] is
    /// $\sum_j C_{kj} q_j + \text{inhomogeneities}_k$, where no $q_j$ is
    /// constrained.
    CompressedRows      constraints;
    std::vector<double> inhomogeneities;

    Norm norm = Norm::euclidean;

    /// Throw lsr::Error, with @p name in front, unless all sizes fit, indices
    /// are in their range and numbers finite.
    void
    check(const std::string &name) const;
  };



  /**
   * The residual that a Linearization describes, with its norm as inner
   * product. It is affine, so refine() needs one step.
   *
   * The inner product of the energy solves with $A$ by conjugate gradients with
   * its diagonal as preconditioner, to a relative residual of 1e-13 in the
   * Euclidean norm; it throws lsr::Error if they do not converge. Rows and
   * columns of constrained values take no part in it.
   */
  class LinearizedResidual : public Residual
  {
  public:
    /// Throws lsr::Error as Linearization::check() does, and for an energy norm
    /// if the Jacobian is not symmetric or has a diagonal entry that is not
    /// positive.
    explicit LinearizedResidual(const Linearization &linearization);

    void
    set_zero(const Block &columns) const override;

    void
    distribute(const Column &q) const override;

    void
    evaluate(const Column &q, const Column &f) override;

    std::uint64_t
    jacobian_version() const override
    {
      return version;
    }

    void
    apply_jacobian(const Block &X, const Block &AX) override;

    void
    apply_transposed_jacobian(const Block &X, const Block &ATX) override;

  private:
    using Indices = Kokkos::View<std::size_t *, MemorySpace>;

    const Column        q0, f0;
    const SparseMatrix  A;
    const Indices       constrained;
    const SparseMatrix  constraints;
    const Column        inhomogeneities;
    const std::uint64_t version;
  };



  /**
   * All that refine() needs for a linear problem, as one HDF5 file: network,
   * points, assembled residual and Jacobian. Where it is refined neither mesh
   * nor equation is known any more.
   *
   * @code
   *   const auto problem  = lsr::LinearCase::load("case.h5");
   *   const auto network  = problem.load_network();
   *   lsr::LinearizedResidual residual(problem.linearization);
   *   const auto basis = lsr::make_tangent_basis(
   *     network, problem.basis, problem.sampling.points);
   *   const auto refined = lsr::refine(
   *     *basis, problem.sampling, residual, problem.refinement);
   * @endcode
   *
   * applications/examples/refine-case/README.md lists the data sets of the
   * file.
   */
  struct LinearCase
  {
    /// Of the problem, for reports.
    std::string name = "problem";

    /// The network: the bytes of its file, its scaling, and how many outputs it
    /// has. It is a program: load only what you trust.
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
