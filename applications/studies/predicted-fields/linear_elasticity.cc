// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The displacement u of a linear elastic solid: for all v
//   int 2 mu eps(u) : eps(v) + lambda div u div v - b . v  dx  =  0

#include <lsr/fe/automatic_weak_form.h>
#include <lsr/fe/equation_registry.h>

#include <deal.II/base/function.h>
#include <deal.II/base/parameter_acceptor.h>
#include <deal.II/base/patterns.h>
#include <deal.II/base/tensor.h>

#include <memory>
#include <set>

template <int dim>
class LinearElasticity : public lsr::AutomaticForm<dim, dim>,
                         public dealii::ParameterAcceptor
{
public:
  template <typename Number>
  using Values = typename lsr::AutomaticForm<dim, dim>::template Values<Number>;
  template <typename Number>
  using Gradients =
    typename lsr::AutomaticForm<dim, dim>::template Gradients<Number>;

  LinearElasticity()
    : dealii::ParameterAcceptor("Linear elasticity")
  {
    using dealii::Patterns::Double;
    add_parameter("Shear modulus", mu, "The modulus mu.", prm, Double(1e-10));
    add_parameter(
      "Lame modulus", lambda, "The modulus lambda.", prm, Double(0));
    add_parameter("Body force",
                  body_force,
                  "The force b for each unit of volume.");
    add_parameter("Clamped",
                  clamped,
                  "Boundary ids without displacement. Others are free.");
  }

  template <typename Number>
  void
  volume(const dealii::Point<dim> & /*x*/,
         const Values<Number> & /*u*/,
         const Gradients<Number> &grad_u,
         Values<Number>          &source,
         Gradients<Number>       &flux) const
  {
    Number divergence = 0.;
    for (unsigned int c = 0; c < dim; ++c)
      divergence += grad_u[c][c];
    for (unsigned int c = 0; c < dim; ++c)
      {
        for (unsigned int d = 0; d < dim; ++d)
          flux[c][d] = mu * (grad_u[c][d] + grad_u[d][c]);
        flux[c][c] += lambda * divergence;
        source[c] = -body_force[c];
      }
  }

  bool
  is_linear() const
  {
    return true;
  }

  bool
  is_symmetric_positive_definite() const
  {
    return true;
  }

  lsr::BoundaryFunctions<dim>
  dirichlet_conditions() const
  {
    lsr::BoundaryFunctions<dim> conditions;
    for (const auto id : clamped)
      conditions[id] =
        std::make_shared<dealii::Functions::ZeroFunction<dim>>(dim);
    return conditions;
  }

private:
  double                               mu     = 1.;
  double                               lambda = 1.;
  dealii::Tensor<1, dim>               body_force;
  std::set<dealii::types::boundary_id> clamped = {0};
};

LSR_REGISTER_EQUATION(LinearElasticity,
                      "linear elasticity",
                      "the displacement of a linear elastic solid, with the "
                      "section Linear elasticity")
