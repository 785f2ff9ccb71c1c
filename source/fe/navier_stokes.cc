// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/fe/automatic_weak_form.h>
#include <lsr/fe/equation_registry.h>
#include <lsr/fe/expression.h>

#include <deal.II/base/parameter_acceptor.h>
#include <deal.II/base/patterns.h>
#include <deal.II/base/utilities.h>

#include <memory>
#include <string>
#include <vector>

namespace lsr
{
  namespace
  {
    /**
     * The steady Navier-Stokes equations of an incompressible fluid,
     * @f[
     *   (u \cdot \nabla) u - \frac{1}{Re} \Delta u + \nabla p = f, \qquad
     *   \nabla \cdot u = 0,
     * @f]
     * for velocity $u$ and pressure $p$, a Lagrange multiplier. Where no
     * velocity is given, $\frac{1}{Re} \partial_n u = p\, n$: the fluid leaves.
     */
    template <int dim>
    class NavierStokes : public AutomaticForm<dim, dim + 1>,
                         public dealii::ParameterAcceptor
    {
    public:
      template <typename Number>
      using Values =
        typename AutomaticForm<dim, dim + 1>::template Values<Number>;
      template <typename Number>
      using Gradients =
        typename AutomaticForm<dim, dim + 1>::template Gradients<Number>;

      NavierStokes();

      template <typename Number>
      void
      volume(const dealii::Point<dim> &x,
             const Values<Number>     &u,
             const Gradients<Number>  &grad_u,
             Values<Number>           &source,
             Gradients<Number>        &flux) const
      {
        const Number viscosity = 1. / parameters.reynolds_number;
        for (unsigned int c = 0; c < dim; ++c)
          {
            source[c] = -force[c].value(x);
            for (unsigned int d = 0; d < dim; ++d)
              source[c] += u[d] * grad_u[c][d];
            flux[c] = viscosity * grad_u[c];
            flux[c][c] -= u[dim];
            source[dim] -= grad_u[c][c];
          }
      }

      bool
      has_multiplier() const
      {
        return true;
      }

      BoundaryFunctions<dim>
      dirichlet_conditions() const
      {
        return velocities;
      }

      std::shared_ptr<const dealii::Function<dim>>
      exact_solution() const
      {
        return exact;
      }

    private:
      struct Parameters
      {
        double      reynolds_number = 100.;
        Constants   constants;
        std::string force     = dim == 2 ? "0, 0" : "0, 0, 0";
        std::string dirichlet = dim == 2 ? "all: 0, 0" : "all: 0, 0, 0";
        std::string exact;
      };

      /// Parse all expressions.
      void
      compile();

      /// The expressions in @p texts, which stand in parameter @p name, as
      /// many as there are components; the pressure may be missing, and is 0.
      std::vector<Expression<dim>>
      parse(const std::vector<std::string> &texts,
            const std::string              &name,
            const unsigned int              n_expected) const;

      Parameters                                   parameters;
      std::vector<Expression<dim>>                 force;
      BoundaryFunctions<dim>                       velocities;
      std::shared_ptr<const dealii::Function<dim>> exact;
    };



    template <int dim>
    NavierStokes<dim>::NavierStokes()
      : dealii::ParameterAcceptor("Navier-Stokes")
    {
      add_parameter(
        "Reynolds number",
        parameters.reynolds_number,
        "The number Re in (u . grad) u - 1/Re div grad u + grad p = "
        "f, div u = 0; known as Re in all expressions.",
        this->prm,
        dealii::Patterns::Double(1e-10));
      add_parameter("Constants",
                    parameters.constants,
                    "Numbers that may be used by name in all expressions.");
      add_parameter("Force",
                    parameters.force,
                    "The components of f, separated by commas.");
      add_parameter(
        "Dirichlet conditions",
        parameters.dirichlet,
        "Boundary ids with the components of u, as in \"3: "
        "4*x*(1-x), 0; all: 0, 0\" in two dimensions. The word all "
        "stands for all ids that are not mentioned, the word "
        "manufactured for the exact solution. The fluid leaves "
        "through other boundaries, 1/Re du/dn = p n; if there are "
        "none, the pressure is set at one point of the boundary, to "
        "zero or as in the exact solution.");
      add_parameter("Exact solution",
                    parameters.exact,
                    "Components of u, and p, if they are known.");
      parse_parameters_call_back.connect([this]() { compile(); });
      compile();
    }



    template <int dim>
    std::vector<Expression<dim>>
    NavierStokes<dim>::parse(const std::vector<std::string> &texts,
                             const std::string              &name,
                             const unsigned int              n_expected) const
    {
      const std::string location = "Navier-Stokes/" + name;
      require(texts.size() == n_expected,
              location + " has " + std::to_string(texts.size()) +
                " components, expected " + std::to_string(n_expected));
      Constants constants = parameters.constants;
      constants["Re"]     = parameters.reynolds_number;
      std::vector<Expression<dim>> result;
      for (const std::string &text : texts)
        result.emplace_back(text, location, constants);
      result.resize(dim + 1);
      return result;
    }



    template <int dim>
    void
    NavierStokes<dim>::compile()
    {
      using Field = ExpressionFunction<dim>;
      force       = parse(split_expressions(parameters.force), "Force", dim);

      exact.reset();
      if (!dealii::Utilities::trim(parameters.exact).empty())
        exact = std::make_shared<const Field>(parse(
          split_expressions(parameters.exact), "Exact solution", dim + 1));

      const std::string name = "Dirichlet conditions";
      velocities.clear();
      for (const auto &[id, texts] : parse_boundary_expressions(
             parameters.dirichlet, "Navier-Stokes/" + name, dim))
        if (texts[0] == manufactured)
          {
            require(exact != nullptr,
                    "Navier-Stokes/" + name +
                      " are manufactured, expected an Exact solution");
            velocities[id] = exact;
          }
        else
          velocities[id] =
            std::make_shared<const Field>(parse(texts, name, dim));
    }



    LSR_REGISTER_EQUATION(NavierStokes,
                          "navier-stokes",
                          "steady flow of an incompressible fluid, with "
                          "velocity and pressure as unknowns and the section "
                          "Navier-Stokes")
  } // namespace
} // namespace lsr
