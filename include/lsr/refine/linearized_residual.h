// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_refine_linearized_residual_h
#define lsr_refine_linearized_residual_h

#include <lsr/base/types.h>
#include <lsr/dense/sparse_matrix.h>
#include <lsr/refine/residual.h>

#include <cstddef>
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
      /// $\|f\|^2 = f^T A^{-1} f$ with a tangent that is symmetric and, but for
      /// the rows and columns of constrained values, which are zero, positive
      /// definite.
      energy
    };

    /// $q_0$
    std::vector<double> values;

    /// $f(q_0)$
    std::vector<double> residual;

    /// $A$: as many rows as @p residual, as many columns as @p values. Columns
    /// of constrained values have no entries.
    CompressedRows tangent;

    /// Values that constraints determine, not the network.
    std::vector<std::size_t> constrained;

    /// What they are: value constrained[k] is
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
   * The residual that a Linearization describes. It is affine, so refine()
   * needs one step.
   *
   * In the energy norm riesz() returns $X$; norm() and solve_riesz() solve
   * with $A$ by conjugate gradients with its diagonal as preconditioner, to a
   * relative residual of 1e-13 in the Euclidean norm. Rows and columns of
   * constrained values take no part in it.
   */
  class LinearizedResidual : public Residual
  {
  public:
    /// Throws lsr::Error as Linearization::check() does, and for an energy norm
    /// if the tangent is not symmetric or has a diagonal entry that is not
    /// positive.
    explicit LinearizedResidual(const Linearization &linearization);

    void
    constrain(const Block &columns) const override;

    void
    conform(const Column &q) const override;

    void
    evaluate(const Column &q, const Column &f) override;

    /// Does nothing: the tangent is the same everywhere.
    void
    linearize(const Column &q) override;

    void
    apply_tangent(const Block &X, const Block &AX) override;

    void
    apply_transposed_tangent(const Block &X, const Block &ATX) override;

    bool
    euclidean() const override;

    Block
    riesz(const Block &X, const Block &AX) override;

    /// Throws lsr::Error if conjugate gradients do not converge.
    Block
    solve_riesz(const Block &F) override;

    /// @copydoc solve_riesz()
    double
    norm(const Column &f) override;

  private:
    void
    set_up_energy_norm(const Linearization &linearization);

    /// Throw unless $x^T A y = y^T A x$ for some vectors.
    void
    check_symmetry() const;

    /// $A^{-1} f$ into @p x.
    void
    solve(const Column &f, const Column &x) const;

    using Indices = Kokkos::View<std::size_t *, MemorySpace>;

    const Linearization::Norm kind;
    const Column              q0, f0;
    const SparseMatrix        A;

    const Indices      constrained;
    const SparseMatrix constraints;
    const Column       inhomogeneities;

    /// Of the tangent, for the energy norm; zero where values are constrained.
    Column inverse_diagonal;
  };
} // namespace lsr

#endif
