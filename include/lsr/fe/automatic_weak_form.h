// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_automatic_weak_form_h
#define lsr_fe_automatic_weak_form_h

#include <lsr/fe/weak_form.h>

#include <deal.II/base/tensor.h>
#include <deal.II/differentiation/ad/sacado_product_types.h>

#include <Sacado_Fad_DFad.hpp>

#include <array>
#include <memory>
#include <utility>

namespace lsr
{
  /**
   * A weak form from a function template for $s$ and $F$, with exact Jacobians
   * by automatic differentiation (Sacado). The user writes
   * @code
   *   struct MinimalSurface : public AutomaticForm<2>
   *   {
   *     template <typename Number>
   *     void
   *     volume(const Point<2>       &x,
   *            const Values<Number>    &u,       // u[c]
   *            const Gradients<Number> &grad_u,  // grad_u[c][d]
   *            Values<Number>          &source,  // s[c], multiplies v[c]
   *            Gradients<Number>       &flux) const // F[c][d], with grad v[c]
   *     {
   *       using std::sqrt;
   *       const Number area = sqrt(1. + grad_u[0] * grad_u[0]);
   *       flux[0]           = grad_u[0] / area;
   *       source[0]         = -1.;
   *     }
   *   };
   *
   *   AutomaticWeakForm<2, MinimalSurface> weak_form;
   * @endcode
   * deriving from this class, which names the types and says that there are
   * neither boundary terms nor Dirichlet conditions nor further structure; any
   * of its members may be redefined. @p source and @p flux are zero on entry.
   * Functions like sqrt are called without std:: so that those of Sacado are
   * found, too, and what multiplies or divides a tensor is first stored as a
   * Number: Sacado's operations return expression templates.
   */
  template <int dim, int n_components_ = 1>
  struct AutomaticForm
  {
    static constexpr int n_components = n_components_;

    /// One number for each component.
    template <typename Number>
    using Values = std::array<Number, n_components>;

    /// One gradient for each component.
    template <typename Number>
    using Gradients = std::array<dealii::Tensor<1, dim, Number>, n_components>;

    bool
    has_boundary_term(const dealii::types::boundary_id /*id*/) const
    {
      return false;
    }

    /// The boundary term: sets @p g, which is zero on entry.
    template <typename Number>
    void
    boundary(const dealii::types::boundary_id /*id*/,
             const dealii::Point<dim> & /*x*/,
             const dealii::Tensor<1, dim> & /*normal*/,
             const Values<Number> & /*u*/,
             Values<Number> & /*g*/) const
    {}

    bool
    is_linear() const
    {
      return false;
    }

    bool
    is_symmetric_positive_definite() const
    {
      return false;
    }

    /// See WeakForm::has_multiplier().
    bool
    has_multiplier() const
    {
      return false;
    }

    /// See WeakForm::dirichlet_conditions().
    BoundaryFunctions<dim>
    dirichlet_conditions() const
    {
      return {};
    }

    /// See WeakForm::exact_solution().
    std::shared_ptr<const dealii::Function<dim>>
    exact_solution() const
    {
      return nullptr;
    }
  };


  /**
   * The WeakForm of an AutomaticForm. The form is made in place where none is
   * given, so that it can be a ParameterAcceptor.
   */
  template <int dim, typename Form>
  class AutomaticWeakForm : public WeakForm<dim>
  {
  public:
    /// The type in which derivatives are carried.
    using ADNumber = Sacado::Fad::DFad<double>;

    AutomaticWeakForm()
      : WeakForm<dim>(n_components)
    {}

    explicit AutomaticWeakForm(const Form &form)
      : WeakForm<dim>(n_components)
      , form(form)
    {}

    void
    evaluate(const dealii::Point<dim>              &x,
             const dealii::ArrayView<const double> &jet,
             const dealii::ArrayView<double>       &flux) const override
    {
      const auto result =
        evaluate_form<double>(x, [&](const unsigned int i) { return jet[i]; });
      std::copy(result.begin(), result.end(), flux.begin());
    }

    void
    jacobian(const dealii::Point<dim>              &x,
             const dealii::ArrayView<const double> &jet,
             dealii::FullMatrix<double>            &jacobian) const override
    {
      const auto result = evaluate_form<ADNumber>(x, [&](const unsigned int i) {
        return ADNumber(jet_length, i, jet[i]);
      });
      for (unsigned int i = 0; i < jet_length; ++i)
        for (unsigned int j = 0; j < jet_length; ++j)
          jacobian(i, j) = derivative(result[i], j);
    }

    bool
    has_boundary_term(const dealii::types::boundary_id id) const override
    {
      return form.has_boundary_term(id);
    }

    void
    evaluate_boundary(const dealii::types::boundary_id       id,
                      const dealii::Point<dim>              &x,
                      const dealii::Tensor<1, dim>          &normal,
                      const dealii::ArrayView<const double> &u,
                      const dealii::ArrayView<double>       &g) const override
    {
      const auto result = evaluate_boundary_form<double>(
        id, x, normal, [&](const unsigned int c) { return u[c]; });
      std::copy(result.begin(), result.end(), g.begin());
    }

    void
    boundary_jacobian(const dealii::types::boundary_id       id,
                      const dealii::Point<dim>              &x,
                      const dealii::Tensor<1, dim>          &normal,
                      const dealii::ArrayView<const double> &u,
                      dealii::FullMatrix<double> &jacobian) const override
    {
      const auto result = evaluate_boundary_form<ADNumber>(
        id, x, normal, [&](const unsigned int c) {
          return ADNumber(n_components, c, u[c]);
        });
      for (unsigned int i = 0; i < n_components; ++i)
        for (unsigned int j = 0; j < n_components; ++j)
          jacobian(i, j) = derivative(result[i], j);
    }

    bool
    is_linear() const override
    {
      return form.is_linear();
    }

    bool
    is_symmetric_positive_definite() const override
    {
      return form.is_symmetric_positive_definite();
    }

    bool
    has_multiplier() const override
    {
      return form.has_multiplier();
    }

    BoundaryFunctions<dim>
    dirichlet_conditions() const override
    {
      return form.dirichlet_conditions();
    }

    std::shared_ptr<const dealii::Function<dim>>
    exact_solution() const override
    {
      return form.exact_solution();
    }

  private:
    static constexpr unsigned int n_components = Form::n_components;
    static constexpr unsigned int jet_length   = n_components * (1 + dim);

    /// The flux, with the entries of the jet given by @p entry.
    template <typename Number, typename Entry>
    std::array<Number, jet_length>
    evaluate_form(const dealii::Point<dim> &x, const Entry &entry) const
    {
      typename Form::template Values<Number>    u, source;
      typename Form::template Gradients<Number> grad_u, flux;
      for (unsigned int c = 0, i = 0; c < n_components; ++c)
        {
          u[c]      = entry(i++);
          source[c] = 0.;
          for (unsigned int d = 0; d < dim; ++d, ++i)
            {
              grad_u[c][d] = entry(i);
              flux[c][d]   = 0.;
            }
        }

      form.volume(x, u, grad_u, source, flux);

      std::array<Number, jet_length> result;
      for (unsigned int c = 0, i = 0; c < n_components; ++c)
        {
          result[i++] = source[c];
          for (unsigned int d = 0; d < dim; ++d)
            result[i++] = flux[c][d];
        }
      return result;
    }

    /// The boundary term, with the components of u given by @p entry.
    template <typename Number, typename Entry>
    typename Form::template Values<Number>
    evaluate_boundary_form(const dealii::types::boundary_id id,
                           const dealii::Point<dim>        &x,
                           const dealii::Tensor<1, dim>    &normal,
                           const Entry                     &entry) const
    {
      typename Form::template Values<Number> u, g;
      for (unsigned int c = 0; c < n_components; ++c)
        {
          u[c] = entry(c);
          g[c] = 0.;
        }
      form.boundary(id, x, normal, u, g);
      return g;
    }

    /// Numbers that do not depend on the jet carry no derivatives.
    static double
    derivative(const ADNumber &number, const unsigned int j)
    {
      return static_cast<int>(j) < number.size() ? number.fastAccessDx(j) : 0.;
    }

    /// Its parameters may be read after it was made.
    Form form;
  };
} // namespace lsr

#endif
