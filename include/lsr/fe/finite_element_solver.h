// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_finite_element_solver_h
#define lsr_fe_finite_element_solver_h

#include <lsr/fe/assembler.h>

#include <deal.II/base/conditional_ostream.h>
#include <deal.II/base/parameter_acceptor.h>

#include <string>

namespace lsr
{
  /**
   * The finite-element solution that refined fields are compared with: solves
   * $f(u) = 0$ for the residual of an Assembler.
   *
   * Linear problems take one linear solve. Nonlinear problems take Newton's
   * method with exact Jacobians and a backtracking line search. It ends when a
   * full step changes $u$ by less than the tolerance, relative to the norm of
   * $u$: near rounding this is a sharper test than one on the residual, whose
   * attainable size grows with the condition of the Jacobian. Where the
   * residual is not defined at the initial guess with the Dirichlet values (a
   * solid whose cells at the boundary are turned inside out, say), the harmonic
   * extension of these values takes its place.
   *
   * Linear systems are solved by conjugate gradients if the weak form is
   * symmetric positive definite and by GMRES otherwise, directly on space-time
   * meshes with their own test functions and with a Lagrange multiplier; see
   * LinearSolver.
   */
  class FiniteElementSolver : public dealii::ParameterAcceptor
  {
  public:
    /// The parameters that a parameter file may set.
    struct Parameters
    {
      /// Relative size of the last Newton step.
      double tolerance = 1e-11;

      unsigned int max_newton_steps = 50;
    };

    /// How a solution was found.
    struct Statistics
    {
      unsigned int newton_steps      = 0;
      unsigned int linear_iterations = 0;
      double       residual_norm     = 0.;
    };

    explicit FiniteElementSolver(
      const std::string &section = "Finite element solver");

    /**
     * Solve $f(u) = 0$, starting from @p u, and report progress to @p log.
     * Throws where there is no convergence. Collective.
     */
    template <int dim>
    Statistics
    solve(const Assembler<dim>             &assembler,
          FEVector                         &u,
          const dealii::ConditionalOStream &log) const;

    /// As above, without reports.
    template <int dim>
    Statistics
    solve(const Assembler<dim> &assembler, FEVector &u) const;

    Parameters parameters;
  };
} // namespace lsr

#endif
