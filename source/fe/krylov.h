// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_krylov_h
#define lsr_fe_krylov_h

#include <lsr/refine/residual.h>

#include <deal.II/lac/la_parallel_vector.h>

#include <functional>
#include <stdexcept>
#include <vector>

namespace lsr::internal
{
  /// A Jacobian turned out not to be positive definite.
  struct NotPositiveDefinite : std::runtime_error
  {
    using std::runtime_error::runtime_error;
  };



  /**
   * Solves with the Jacobian of a residual, as it is linearized, by deal.II's
   * Krylov methods. Rows and columns are scaled by $s$ such that those of
   * $s_i^{-1} A_{ij} s_j^{-1}$ have length one, as far as products with random
   * vectors tell.
   */
  class Krylov
  {
  public:
    using Function = std::function<void(const Column &x, const Column &y)>;
    using Vector   = dealii::LinearAlgebra::distributed::Vector<double>;

    /// @p preconditioner may be empty. The residual has to live as long as this
    /// object.
    explicit Krylov(Residual &residual, const Function &preconditioner = {});

    /// The reduction of the residual that was reached, and the steps it took.
    struct Result
    {
      double       reduction = 1;
      unsigned int n_steps   = 0;
    };

    /// $A^{-1} b$ for a symmetric positive definite $A$. Throws
    /// NotPositiveDefinite.
    Result
    conjugate_gradients(const Column      &b,
                        const Column      &x,
                        const double       tolerance,
                        const unsigned int max_steps) const;

    /// The same for any $A$.
    Result
    gmres(const Column      &b,
          const Column      &x,
          const double       tolerance,
          const unsigned int max_steps) const;

  private:
    void
    find_scaling();

    Vector
    make_vector() const;

    /// The entries of @p column times $s^p$.
    void
    to_vector(const Column &column, const double power, Vector &vector) const;

    void
    from_vector(const Vector &vector,
                const double  power,
                const Column &column) const;

    struct Operator;
    struct Preconditioner;

    template <typename Solver>
    Result
    solve(const Column                          &b,
          const Column                          &x,
          const double                           tolerance,
          const unsigned int                     max_steps,
          const bool                             positive,
          const typename Solver::AdditionalData &data) const;

    Residual           &residual;
    const Function      preconditioner;
    std::vector<double> scaling;
  };
} // namespace lsr::internal

#endif
