// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The displacement u of a compressible neo-Hookean solid: for all v
//   int P(grad u) : grad v - b . v  dx  -  int_loaded t . v  ds  =  0
// with F = 1 + grad u, J = det F and the first Piola-Kirchhoff stress
//   P = mu (F - F^-T) + lambda log(J) F^-T.
// In two dimensions this is plane strain.

#include <lsr/fe/automatic_weak_form.h>
#include <lsr/fe/equation_registry.h>

#include <deal.II/base/function.h>
#include <deal.II/base/parameter_acceptor.h>
#include <deal.II/base/patterns.h>
#include <deal.II/base/tensor.h>

#include <cmath>
#include <map>
#include <memory>
#include <vector>

template <int dim>
class NonlinearElasticity : public lsr::AutomaticForm<dim, dim>,
                            public dealii::ParameterAcceptor
{
public:
  // One number, and one gradient, for each component of u.
  template <typename Number>
  using Values = typename lsr::AutomaticForm<dim, dim>::template Values<Number>;
  template <typename Number>
  using Gradients =
    typename lsr::AutomaticForm<dim, dim>::template Gradients<Number>;

  // The parameters of a section of its own in the parameter file.
  NonlinearElasticity()
    : dealii::ParameterAcceptor("Nonlinear elasticity")
  {
    using dealii::Patterns::Double;
    add_parameter("Shear modulus", mu, "The modulus mu.", prm, Double(1e-10));
    add_parameter(
      "Lame modulus", lambda, "The modulus lambda.", prm, Double(0));
    add_parameter("Body force",
                  body_force,
                  "The force b for each unit of volume.");
    add_parameter("Displacements",
                  displacements,
                  "Boundary ids with prescribed displacements, as in \"0: 0, "
                  "0; 1: 0.5, 0\" in two dimensions. Other boundaries are "
                  "free.");
    add_parameter("Tractions",
                  tractions,
                  "Boundary ids with the force t for each unit of area before "
                  "the deformation, in the same way.");
  }

  // The equation at a point x: what multiplies v (source) and grad v (flux).
  // Number is double, or a type that carries derivatives along.
  template <typename Number>
  void
  volume(const dealii::Point<dim> & /*x*/,
         const Values<Number> & /*u*/,
         const Gradients<Number> &grad_u,
         Values<Number>          &source,
         Gradients<Number>       &flux) const
  {
    using std::log;
    dealii::Tensor<2, dim, Number> F;
    for (unsigned int c = 0; c < dim; ++c)
      {
        F[c] = grad_u[c];
        F[c][c] += 1.;
      }
    const Number                         J           = determinant(F);
    const dealii::Tensor<2, dim, Number> F_inverse_T = transpose(invert(F));
    const Number                         factor      = lambda * log(J) - mu;
    for (unsigned int c = 0; c < dim; ++c)
      {
        flux[c]   = mu * F[c] + factor * F_inverse_T[c];
        source[c] = -body_force[c];
      }
  }

  // The same on the boundary: what multiplies v there.
  bool
  has_boundary_term(const dealii::types::boundary_id id) const
  {
    return tractions.count(id) > 0;
  }

  template <typename Number>
  void
  boundary(const dealii::types::boundary_id id,
           const dealii::Point<dim> & /*x*/,
           const dealii::Tensor<1, dim> & /*normal*/,
           const Values<Number> & /*u*/,
           Values<Number> &g) const
  {
    for (unsigned int c = 0; c < dim; ++c)
      g[c] = -tractions.at(id)[c];
  }

  lsr::BoundaryFunctions<dim>
  dirichlet_conditions() const
  {
    lsr::BoundaryFunctions<dim> conditions;
    for (const auto &[id, displacement] : displacements)
      {
        std::vector<double> values(dim);
        for (unsigned int c = 0; c < dim; ++c)
          values[c] = displacement[c];
        conditions[id] =
          std::make_shared<dealii::Functions::ConstantFunction<dim>>(values);
      }
    return conditions;
  }

private:
  using BoundaryVectors =
    std::map<dealii::types::boundary_id, dealii::Tensor<1, dim>>;

  double                 mu     = 1.;
  double                 lambda = 1.;
  dealii::Tensor<1, dim> body_force;
  BoundaryVectors        displacements = {{0, dealii::Tensor<1, dim>()}};
  BoundaryVectors        tractions;
};

LSR_REGISTER_EQUATION(NonlinearElasticity,
                      "nonlinear elasticity",
                      "the displacement of a compressible neo-Hookean solid, "
                      "with the section Nonlinear elasticity")
