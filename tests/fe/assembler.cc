// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/fe/advection_diffusion_reaction.h>
#include <lsr/fe/automatic_weak_form.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/messages.h"
#include "support/problems.h"

using namespace lsr;
using namespace lsr::test;
using dealii::Point;
using dealii::Tensor;
using SparseMatrix = dealii::TrilinosWrappers::SparseMatrix;

namespace
{
  using Parameters2 = AdvectionDiffusionReaction<2>::Parameters;

  /// Everything depends on x and on u.
  Parameters2
  nonlinear_parameters()
  {
    Parameters2 parameters;
    parameters.constants       = {{"k", 0.7}};
    parameters.diffusion       = "1 + k*u^2*(1 + x)";
    parameters.advection       = "u*y, sin(u) - x";
    parameters.reaction        = "u^3 - u + exp(x*u)";
    parameters.right_hand_side = "cos(x + y)";
    parameters.dirichlet       = "0: 0.1 + y";
    parameters.neumann         = "1: y*u^2";
    parameters.robin           = "2: 1 + x*u^2, y; 3: 2, 0.3*u";
    return parameters;
  }

  /// The same equation, without symbolic derivatives.
  struct NonlinearForm : public AutomaticForm<2>
  {
    template <typename Number>
    void
    volume(const Point<2>          &x,
           const Values<Number>    &u,
           const Gradients<Number> &grad_u,
           Values<Number>          &source,
           Gradients<Number>       &flux) const
    {
      using std::exp;
      using std::sin;
      const Number a = 1. + 0.7 * u[0] * u[0] * (1. + x[0]);
      source[0]      = u[0] * x[1] * grad_u[0][0] +
                  (sin(u[0]) - x[0]) * grad_u[0][1] + u[0] * u[0] * u[0] -
                  u[0] + exp(x[0] * u[0]) - std::cos(x[0] + x[1]);
      flux[0] = a * grad_u[0];
    }

    bool
    has_boundary_term(const dealii::types::boundary_id id) const
    {
      return id > 0;
    }

    template <typename Number>
    void
    boundary(const dealii::types::boundary_id id,
             const Point<2>                  &x,
             const Tensor<1, 2> & /*normal*/,
             const Values<Number> &u,
             Values<Number>       &g) const
    {
      if (id == 1)
        g[0] = -x[1] * u[0] * u[0];
      else if (id == 2)
        g[0] = (1. + x[0] * u[0] * u[0]) * u[0] - x[1];
      else
        g[0] = 2. * u[0] - 0.3 * u[0];
    }
  };

  class NonlinearAutomaticForm : public AutomaticWeakForm<2, NonlinearForm>
  {
  public:
    BoundaryFunctions<2>
    dirichlet_conditions() const override
    {
      return AdvectionDiffusionReaction<2>(nonlinear_parameters())
        .dirichlet_conditions();
    }
  };

  struct MinimalSurface : public AutomaticForm<2>
  {
    template <typename Number>
    void
    volume(const Point<2> & /*x*/,
           const Values<Number> & /*u*/,
           const Gradients<Number> &grad_u,
           Values<Number>          &source,
           Gradients<Number>       &flux) const
    {
      using std::sqrt;
      const Number area = sqrt(1. + grad_u[0] * grad_u[0]);
      flux[0]           = grad_u[0] / area;
      source[0]         = -1.;
    }
  };

  /// A compressible neo-Hookean solid: two components, coupled, nonlinear.
  struct NeoHookean : public AutomaticForm<2, 2>
  {
    template <typename Number>
    void
    volume(const Point<2>          &x,
           const Values<Number>    &u,
           const Gradients<Number> &grad_u,
           Values<Number>          &source,
           Gradients<Number>       &flux) const
    {
      using std::log;
      Tensor<2, 2, Number> F;
      for (unsigned int i = 0; i < 2; ++i)
        for (unsigned int j = 0; j < 2; ++j)
          F[i][j] = grad_u[i][j] + (i == j ? 1. : 0.);
      const Number J        = F[0][0] * F[1][1] - F[0][1] * F[1][0];
      const Number pressure = 2. * log(J);

      // First Piola-Kirchhoff stress mu (F - F^-T) + lambda log(J) F^-T.
      Tensor<2, 2, Number> F_inverse_T;
      F_inverse_T[0][0] = F[1][1] / J;
      F_inverse_T[0][1] = -F[1][0] / J;
      F_inverse_T[1][0] = -F[0][1] / J;
      F_inverse_T[1][1] = F[0][0] / J;
      for (unsigned int i = 0; i < 2; ++i)
        flux[i] = F[i] - F_inverse_T[i] + pressure * F_inverse_T[i];
      source[0] = 0.1 * u[1] * x[0];
      source[1] = 0.2;
    }
  };

  template <int dim>
  FEVector
  residual(const Problem<dim> &problem, const FEVector &u)
  {
    FEVector f;
    problem.assembler->residual(u, f);
    return f;
  }

  /// Set constrained entries to zero, as columns of J V have them.
  template <int dim>
  FEVector
  homogeneous_direction(const Problem<dim> &problem, const double size)
  {
    FEVector    direction   = problem.some_vector(2.);
    const auto &constraints = problem.discretization.constraints();
    for (const auto dof : problem.discretization.locally_owned_dofs())
      if (constraints.is_constrained(dof))
        direction(dof) = 0.;
    direction *= size;
    return direction;
  }

  /// Compare A v with a difference quotient of f, entry by entry.
  template <int dim>
  void
  expect_exact_tangent(const Problem<dim> &problem, const double scale)
  {
    FEVector u = problem.some_vector(0.);
    u *= scale;
    const FEVector v = homogeneous_direction(problem, 1.);

    SparseMatrix A;
    problem.assembler->jacobian(u, A);
    FEVector Av = v, difference = u;
    A.vmult(Av, v);

    const double h    = 1e-5;
    FEVector     plus = u, minus = u;
    plus.add(h, v);
    minus.add(-h, v);
    difference = residual(problem, plus);
    difference -= residual(problem, minus);
    difference /= 2. * h;
    const double norm = Av.l2_norm();
    EXPECT_GT(norm, 1e-3);
    difference -= Av;
    EXPECT_LT(difference.l2_norm(), 1e-8 * norm);
  }

  /// Refine the cells near a corner, so that there are hanging nodes.
  template <int dim>
  void
  refine_corner(Problem<dim> &problem)
  {
    auto &mesh = const_cast<dealii::Triangulation<dim> &>(
      problem.discretization.triangulation());
    for (const auto &cell : mesh.active_cell_iterators())
      if (cell->is_locally_owned() && cell->center().norm() < 0.6)
        cell->set_refine_flag();
    mesh.execute_coarsening_and_refinement();
    problem.setup();
    EXPECT_GT(problem.discretization.constraints().n_constraints(),
              problem.discretization.dirichlet_values().size());
  }
} // namespace

TEST(Assembler, TangentOfExpressionsIsTheDerivativeOfTheResidual)
{
  const AdvectionDiffusionReaction<2> equation(nonlinear_parameters());
  for (const unsigned int degree : {1, 3})
    {
      Problem<2> problem(equation, degree, 2);
      expect_exact_tangent(problem, 1.);
      refine_corner(problem);
      expect_exact_tangent(problem, 1.);
    }
}

TEST(Assembler, AutomaticTangentIsTheDerivativeOfTheResidual)
{
  const AutomaticWeakForm<2, NeoHookean> solid;
  expect_exact_tangent(Problem<2>(solid, 2, 2), 0.03);
  const AutomaticWeakForm<2, MinimalSurface> surface;
  expect_exact_tangent(Problem<2>(surface, 2, 2), 0.1);
}

TEST(Assembler, AutomaticAndSymbolicTangentsAgree)
{
  const AdvectionDiffusionReaction<2> symbolic(nonlinear_parameters());
  const NonlinearAutomaticForm        automatic;
  const Problem<2>                    a(symbolic, 2, 3), b(automatic, 2, 3);
  const FEVector                      u = a.some_vector(1.);

  FEVector f = residual(a, u);
  EXPECT_GT(f.linfty_norm(), 1e-3);
  f -= residual(b, u);
  EXPECT_LT(f.linfty_norm(), 1e-13);

  SparseMatrix A, B;
  a.assembler->jacobian(u, A);
  b.assembler->jacobian(u, B);
  const double size = A.linfty_norm();
  A.add(-1., B);
  EXPECT_LT(A.linfty_norm(), 1e-13 * size);
}

TEST(Assembler, FlagsDescribeTheEquation)
{
  const auto linear = [](const Parameters2 &parameters) {
    return AdvectionDiffusionReaction<2>(parameters).is_linear();
  };
  const auto spd = [](const Parameters2 &parameters) {
    return AdvectionDiffusionReaction<2>(parameters)
      .is_symmetric_positive_definite();
  };
  Parameters2 parameters;
  parameters.diffusion = "1 + x";
  parameters.reaction  = "2*u - x";
  parameters.robin     = "1: 3, x";
  EXPECT_TRUE(linear(parameters));
  EXPECT_TRUE(spd(parameters));

  auto changed     = parameters;
  changed.reaction = "-2*u";
  EXPECT_TRUE(linear(changed));
  EXPECT_FALSE(spd(changed));

  changed           = parameters;
  changed.advection = "0, 1";
  EXPECT_TRUE(linear(changed));
  EXPECT_FALSE(spd(changed));
  changed.advection = "0, 0";
  EXPECT_TRUE(spd(changed));

  changed         = parameters;
  changed.neumann = "2: u";
  EXPECT_TRUE(linear(changed));
  EXPECT_FALSE(spd(changed));

  for (const std::string coefficient : {"u", "1 + u^2"})
    {
      changed           = parameters;
      changed.diffusion = coefficient;
      EXPECT_FALSE(linear(changed));
      EXPECT_FALSE(spd(changed));
    }
}

TEST(Assembler, PositiveDefiniteEquationsHaveASymmetricTangent)
{
  Parameters2 parameters;
  parameters.diffusion = "1 + x*y";
  parameters.reaction  = "2*u";
  parameters.dirichlet = "0: 1";
  parameters.robin     = "1: 3, x";
  const AdvectionDiffusionReaction<2> equation(parameters);
  ASSERT_TRUE(equation.is_symmetric_positive_definite());
  Problem<2> problem(equation, 3, 2);
  refine_corner(problem);

  SparseMatrix A, K;
  problem.assembler->jacobian(problem.solution, A);
  problem.assembler->gram_matrix(problem.solution, K);
  const FEVector x = problem.some_vector(0.), y = problem.some_vector(1.);
  FEVector       Ax = x, Ay = y, Kx = x;
  A.vmult(Ax, x);
  A.vmult(Ay, y);
  K.vmult(Kx, x);
  EXPECT_NEAR(y * Ax, x * Ay, 1e-12 * std::abs(x * Ax));
  EXPECT_GT(x * Ax, 0.);
  // The Jacobian is its own symmetric positive part.
  Kx -= Ax;
  EXPECT_LT(Kx.l2_norm(), 1e-13 * Ax.l2_norm());
}

TEST(Assembler, GramMatrixIsSymmetricAndPositive)
{
  const AdvectionDiffusionReaction<2> equation(nonlinear_parameters());
  Problem<2>                          problem(equation, 2, 2);
  refine_corner(problem);
  SparseMatrix K;
  problem.assembler->gram_matrix(problem.some_vector(0.), K);
  for (const double phase : {0., 1., 2.})
    {
      const FEVector x  = problem.some_vector(phase);
      const FEVector y  = problem.some_vector(phase + 0.5);
      FEVector       Kx = x, Ky = y;
      K.vmult(Kx, x);
      K.vmult(Ky, y);
      EXPECT_GT(x * Kx, 0.);
      EXPECT_NEAR(y * Kx, x * Ky, 1e-12 * std::abs(x * Kx));
    }
}

TEST(Assembler, ConstrainedRowsAreZeroAndColumnsOnlyDiagonal)
{
  const AdvectionDiffusionReaction<2> equation(nonlinear_parameters());
  Problem<2>                          problem(equation, 2, 2);
  refine_corner(problem);
  const FEVector u = problem.some_vector(0.);
  const FEVector f = residual(problem, u);
  SparseMatrix   A;
  problem.assembler->jacobian(u, A);
  const auto &constraints = problem.discretization.constraints();
  for (auto entry = A.begin(); entry != A.end(); ++entry)
    {
      const bool constrained = constraints.is_constrained(entry->row()) ||
                               constraints.is_constrained(entry->column());
      const bool diagonal = entry->row() == entry->column();
      EXPECT_TRUE(diagonal ? entry->value() != 0. :
                             !constrained || entry->value() == 0.);
    }
  for (const auto dof : problem.discretization.locally_owned_dofs())
    EXPECT_TRUE(!constraints.is_constrained(dof) || f(dof) == 0.);
}

TEST(Assembler, ResidualIgnoresValuesThatConstraintsDetermine)
{
  const AdvectionDiffusionReaction<2> equation(nonlinear_parameters());
  Problem<2>                          problem(equation, 2, 2);
  refine_corner(problem);
  FEVector u = problem.some_vector(0.);
  FEVector f = residual(problem, u);
  for (const auto dof : problem.discretization.locally_owned_dofs())
    if (problem.discretization.constraints().is_constrained(dof))
      u(dof) = 17.;
  f -= residual(problem, u);
  EXPECT_EQ(f.linfty_norm(), 0.);
}

TEST(Assembler, LumpedMassIsPositiveAndAddsUpToTheVolume)
{
  Parameters2 parameters;
  parameters.dirichlet = "";
  const AdvectionDiffusionReaction<2> equation(parameters);
  for (const unsigned int degree : {1, 2, 5, 8})
    {
      Problem<2>     problem(equation, degree, 2);
      const FEVector mass = problem.assembler->lumped_mass();
      EXPECT_NEAR(mass.l1_norm(), 1., 1e-12);
      refine_corner(problem);
      const FEVector condensed = problem.assembler->lumped_mass();
      for (const auto dof : problem.discretization.locally_owned_dofs())
        EXPECT_GT(condensed(dof), 0.);
    }
}

TEST(AdvectionDiffusionReaction, MistakesAreReported)
{
  const auto report = [](const auto &change) {
    Parameters2 parameters;
    change(parameters);
    return message(
      [&]() { AdvectionDiffusionReaction<2> equation(parameters); });
  };
  expect_contains(report([](auto &p) { p.diffusion = "1 + w"; }),
                  "<Equation/Diffusion>");
  expect_contains(report([](auto &p) { p.diffusion = "-1"; }), "not positive");
  expect_contains(report([](auto &p) { p.advection = "1"; }),
                  "Expected were 2");
  expect_contains(report([](auto &p) { p.right_hand_side = manufactured; }),
                  "<Equation/Exact solution> is empty");
  expect_contains(report([](auto &p) { p.right_hand_side = "u"; }),
                  "<Equation/Right hand side>");
  expect_contains(report([](auto &p) { p.reaction = "if(u < 0, u)"; }),
                  "\"if\" stands at column 1");
  expect_contains(report([](auto &p) { p.robin = "1: 2"; }), "1 expressions");
  expect_contains(report([](auto &p) { p.robin = "1: manufactured"; }),
                  "alpha");
  expect_contains(report([](auto &p) {
                    p.neumann = "1: 0";
                    p.robin   = "1: 1, 0";
                  }),
                  "Boundary id 1");
}

TEST(AdvectionDiffusionReaction, ConstantDiffusionIsThatOfTheStrongForm)
{
  Parameters2 parameters;
  const auto  diffusion = [&](const std::string &text) {
    parameters.diffusion = text;
    return AdvectionDiffusionReaction<2>(parameters).constant_diffusion();
  };
  EXPECT_EQ(diffusion("2"), std::vector<double>({2., 2.}));
  EXPECT_EQ(diffusion("0.5, 0"), std::vector<double>({0.5, 0.}));
  for (const std::string text : {"1 + x", "1, 1 + u^2"})
    {
      const std::string report = message([&]() { diffusion(text); });
      expect_contains(report, "\"" + text + "\" in <Equation/Diffusion>");
      expect_contains(report, "is not constant");
    }
}
