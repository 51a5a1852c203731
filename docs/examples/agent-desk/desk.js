/* Built from src/ by `make desk`. It holds Preact, Copyright (c) 2015-present Jason Miller, and openapi-fetch, Copyright (c) 2023 Drew Powers, both under the MIT license: see LICENSE. */
"use strict";(()=>{var n,t,r,u,i,f,o,e,l,c,a,s,h=Symbol.for("pv"),p={},y=[],v=/^m(i|n|o|s|text|space)$/,w=Array.isArray,d=y.slice,_=Object.assign;function g(n2){n2&&n2.parentNode&&
n2.remove()}function m(r3,u3,i3,f4,o4){var e3={type:r3,props:u3,key:i3,ref:f4,__k:null,__:null,__b:0,__e:null,__c:null,constructor:h,__v:o4||++t,__i:-1,__u:0};return!o4&&n.
vnode&&n.vnode(e3),e3}function $(n2){return n2.children}function x(n2,t3){this.props=n2,this.context=t3,this.__g=0}function S(n2,t3){if(t3==null)return n2.__&&S(n2.__,n2.__i+1);for(var r3;t3<
n2.__k.length;t3++)if((r3=n2.__k[t3])&&r3.__e)return r3.__e;return typeof n2.type!="function"||n2.props.__P?null:S(n2)}function C(t3){var r3,u3=t3.__v,i3=u3.__e,
f4=[],o4=[],e3=t3.__P;e3&&((r3=_({constructor:h},u3)).__v=u3.__v+1,n.vnode&&n.vnode(r3),z(e3,r3,u3,t3.__n,e3.namespaceURI,32&u3.__u?[i3]:null,f4,i3||S(u3),32&u3.
__u,o4),r3.__v=u3.__v,r3.__.__k[r3.__i]=r3,E(f4,r3,o4),u3.__=u3.__e=null,r3.__e!=i3&&j(r3))}function j(n2){if((n2=n2.__)&&n2.__c&&!n2.props.__P)return n2.__e=null,
n2.__k.some(function(t3){return t3&&(n2.__e=t3.__e)}),j(n2)}function L(t3){(8&t3.__g||(t3.__g|=8,u.push(t3),f++))&&i==n.debounceRendering||((i=n.debounceRendering)||
queueMicrotask)(H)}function H(){try{for(var n2,t3=1;u.length;)u.length>t3&&u.sort(o),n2=u.shift(),t3=u.length,8&n2.__g&&C(n2)}finally{(f=u.length)&&(i||queueMicrotask)(
H)}}function I(n2,t3,r3,u3,i3,f4,o4,e3,l3,c3,a4){var s3,h3,v3,w3,d3,_3,g3=u3.__k||y,k2=t3.length;for(l3=q(r3,t3,g3,l3,k2),s3=0;s3<k2;s3++)(v3=r3.__k[s3])!=null&&
(h3=~v3.__i&&g3[v3.__i]||p,v3.__i=s3,_3=z(n2,v3,h3,i3,f4,o4,e3,l3,c3,a4),w3=v3.__e,(h3.ref!=v3.ref||8&h3.__u)&&(h3.ref&&G(h3.ref,null,v3,h3),v3.ref&&a4.push(v3.
ref,v3.__c||w3,v3)),d3=d3||w3,4&v3.__u?(l3=A(v3,l3,n2,!h3.__v),h3.__e&&(h3.__e=null)):typeof v3.type=="function"&&_3!==void 0?l3=_3:w3&&(l3=w3.nextSibling),v3.__u&=
-21);return r3.__e=d3,l3}function q(n2,t3,r3,u3,i3){var f4,o4,e3,l3,c3,a4,s3,p3,y3,v3=r3.length,d3=v3,_3=0,g3=0,k2=n2.__k=Array(i3);for(f4=0;f4<i3;f4++)(o4=t3[f4])!=
null&&typeof o4!="boolean"&&typeof o4!="function"?(typeof o4!="object"||o4.constructor===String?o4=k2[f4]=m(null,o4):w(o4)?o4=k2[f4]=m($,{children:o4}):o4.constructor===
h&&o4.__b?o4=k2[f4]=m(o4.type,o4.props,o4.key,o4.ref,o4.__v):k2[f4]=o4,l3=f4+_3,o4.__=n2,o4.__b=n2.__b+1,e3=null,~(c3=o4.__i=P(o4,r3,l3,d3))&&(d3--,(e3=r3[c3])&&
(e3.__u|=2)),e3&&e3.__v?(o4.__u|=16,c3==l3-1?_3--:c3==l3+1?_3++:c3!=l3&&(c3>l3?_3--:_3++,g3=1)):(~c3||(i3>v3?_3--:i3<v3&&_3++),typeof o4.type!="function"&&(o4.__u|=
4))):k2[f4]=null;if(g3){for(a4=[],s3=[],f4=0;f4<i3;f4++)if((o4=k2[f4])&&16&o4.__u){for(_3=0,p3=a4.length;_3<p3;)a4[y3=_3+p3>>1]<o4.__i?_3=y3+1:p3=y3;a4[_3]=o4.__i,
s3[f4]=_3+1}for(_3=a4.length;f4--;)s3[f4]&&(s3[f4]==_3?_3--:k2[f4].__u|=4)}if(d3)for(f4=0;f4<v3;f4++)!(e3=r3[f4])||2&e3.__u||(e3.__e==u3&&(u3=S(e3)),J(e3,e3));return u3}
function A(n2,t3,r3,u3){var i3,f4,o4,e3;if(typeof n2.type=="function"){if(n2.props.__P)return t3;if(i3=n2.__k)for(f4=0;f4<i3.length;f4++)i3[f4]&&(i3[f4].__=n2,t3=
A(i3[f4],t3,r3,!1));return t3}for(t3&&!t3.parentNode&&(t3=S(n2))&&!t3.parentNode&&(t3=null),o4=n2.__e,e3=t3;e3&&e3.nodeType==8;)e3=e3.nextSibling;for(o4!=e3&&(!u3&&
r3.moveBefore&&o4.parentNode?r3.moveBefore(o4,t3):r3.insertBefore(o4,t3||null)),t3=o4;(t3=t3&&t3.nextSibling)&&t3.nodeType==8&&!t3.data.startsWith("$s"););return t3}function P(n2,t3,r3,u3){var i3,f4=n2.key,o4=n2.type,e3=t3[r3],l3=e3&&!(2&e3.__u);if(e3===null&&f4==null||l3&&f4==e3.key&&o4==e3.type)return r3;if(u3>(l3?1:0)){for(i3=
r3-1;i3>=0;i3--)if((e3=t3[i3])&&!(2&e3.__u)&&f4==e3.key&&o4==e3.type)return i3;for(i3=r3+1;i3<t3.length;i3++)if((e3=t3[i3])&&!(2&e3.__u)&&f4==e3.key&&o4==e3.type)
return i3}return-1}function T(n2,t3,r3){r3==null&&(r3=""),t3[0]=="-"?n2.setProperty(t3,r3):n2[t3]=r3}function N(n2,t3,r3,u3,i3){var f4,o4;if(t3=="style")if(typeof r3==
"string")n2.style.cssText=r3;else{if(typeof u3=="string"&&(n2.style.cssText=u3=""),u3)for(t3 in u3)r3&&t3 in r3||T(n2.style,t3);if(r3)for(t3 in r3)u3&&r3[t3]==u3[t3]||
T(n2.style,t3,r3[t3])}else if(t3[0]=="o"&&t3[1]=="n")typeof r3!="function"&&(r3=null),typeof u3!="function"&&(u3=null),(n2.__e||(n2.__e={}))[t3]=r3,r3&&u3||(o4=
a[t3]||(a[t3]=V(t3)),(n2.__a||(n2.__a={}))[t3]=c,f4=t3!=(t3=t3.replace(l,"$1")),(t3=t3.slice(2))[0]<"a"&&(t3=t3.toLowerCase()),r3?n2.addEventListener(t3,o4,f4):
n2.removeEventListener(t3,o4,f4));else{if(i3=="http://www.w3.org/2000/svg")t3=t3.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t3!="width"&&t3!="heig\
ht"&&t3!="href"&&t3!="list"&&t3!="form"&&t3!="tabIndex"&&t3!="download"&&t3!="rowSpan"&&t3!="colSpan"&&t3!="role"&&t3!="popover"&&t3 in n2)try{return void(n2[t3]=
r3??"")}catch{}if(typeof r3=="function")return;r3==null||r3===!1&&t3[4]!="-"?n2.removeAttribute(t3):n2.setAttribute(t3,t3=="popover"&&r3==1?"":r3)}}function V(t3){
return function(r3){var u3=this.__e;if(u3){if(u3=u3[t3],r3[e]==null)r3[e]=c++;else if(r3[e]<this.__a[t3])return;return u3(n.event?n.event(r3):r3)}}}function z(t3,r3,u3,i3,f4,o4,e3,l3,c3,a4){
var s3,p3,v3,d3,k2,b,m3,M,C3,j2,L2,H2,q2,A3,O,P2,T3,N2,V2=r3.type;if(r3.constructor!==h)return null;128&u3.__u&&(c3=32&u3.__u,s3=u3.__c.__z)&&(r3.__u|=c3,p3=o4=
[],s3.nodeType==8?l3=B(s3,o4):o4.push(s3),l3=o4[0]||l3),(s3=n.__b)&&s3(r3);n:if(typeof V2=="function"){v3=e3.length;try{if(M=r3.props,C3=(s3=V2.prototype)&&s3.render,
j2=(s3=V2.contextType)&&i3[s3.__c],L2=s3?j2?j2.props.value:s3.__:i3,(d3=u3.__c)?(r3.__c=d3,2&d3.__g&&(d3.__g|=1)):(C3?r3.__c=d3=new V2(M,L2):(r3.__c=d3=new x(M,
L2),d3.constructor=V2,d3.render=K),j2&&j2.sub(d3),d3.state||(d3.state={}),d3.__n=i3,d3.__g|=8,d3.__h=[],d3.__k=[]),C3&&(d3.__s||(d3.__s=d3.state),V2.getDerivedStateFromProps&&
(d3.__s==d3.state&&(d3.__s=_({},d3.__s)),_(d3.__s,V2.getDerivedStateFromProps(M,d3.__s)))),k2=d3.props,b=d3.state,d3.__v=r3,u3.__c){if(M!==k2&&C3&&!V2.getDerivedStateFromProps&&
d3.componentWillReceiveProps&&d3.componentWillReceiveProps(M,L2),r3.__v==u3.__v&&!(8&d3.__g)||!(4&d3.__g)&&d3.shouldComponentUpdate&&d3.shouldComponentUpdate(M,
d3.__s,L2)===!1){r3.__v!=u3.__v&&(d3.props=M,d3.state=d3.__s,d3.__g&=-9),r3.__e=u3.__e,r3.__k=u3.__k,r3.__k.some(function(n2){n2&&(n2.__=r3)}),y.push.apply(d3.__h,
d3.__k),d3.__k=[],d3.__h.length&&e3.push(d3),l3=S(u3);break n}d3.componentWillUpdate&&d3.componentWillUpdate(M,d3.__s,L2),C3&&d3.componentDidUpdate&&d3.__h.push(
function(){d3.componentDidUpdate(k2,b,m3)})}else C3&&!V2.getDerivedStateFromProps&&d3.componentWillMount&&d3.componentWillMount(),C3&&d3.componentDidMount&&d3.__h.
push(d3.componentDidMount);d3.context=L2,d3.props=M,d3.__P=t3,d3.__g&=-5,H2=n.__r,q2=C3?25:0;do d3.__g&=-9,H2&&H2(r3),s3=d3.render(d3.props,d3.state=d3.__s,d3.context);while(8&
d3.__g&&++q2<25);C3&&(y.push.apply(d3.__h,d3.__k),d3.__k=[]),d3.state=d3.__s,d3.getChildContext&&(i3=_({},i3,d3.getChildContext())),C3&&u3.__c&&d3.getSnapshotBeforeUpdate&&
(m3=d3.getSnapshotBeforeUpdate(k2,b)),A3=s3&&s3.type===$&&s3.key==null?s3.props.children:s3,M.__P&&(s3=l3,f4=(t3=M.__P).namespaceURI,c3=o4=null,u3.props&&u3.props.
__P!=t3&&(u3.__k.some(function(n2){n2&&J(n2,n2)}),u3.__k=null),l3=u3.__k?S(u3,0):null),l3=I(t3,w(A3)?A3:[A3],r3,u3,i3,f4,o4,e3,l3,c3,a4),M.__P&&(r3.__e=null,l3=
s3),r3.__u&=-161,p3&&p3.some(g),d3.__h.length&&e3.push(d3),1&d3.__g&&(d3.__g&=-4)}catch(t4){if(e3.length=v3,r3.__v=null,c3||o4)if(t4&&t4.then){if(r3.__u|=128|c3,
o4){for(~(T3=o4.indexOf(l3||void 0))||(T3=o4.length);(N2=o4[T3-1])&&N2.nodeType==8;)T3--;for(;T3<o4.length;T3++)if(N2=o4[T3])if(o4[T3]=null,O){if(N2==P2)break}else{
if(N2.nodeType!=8)break;N2.data.startsWith("$s")&&(P2=B(O=N2))}}if(!O){for(;l3&&l3.nodeType==8&&l3.nextSibling;)l3=l3.nextSibling;O=l3}(s3=B(O=r3.__c.__z||(r3.__c.
__z=O)))?(r3.__e=O,l3=s3):r3.__e=l3,l3=l3&&l3.nextSibling}else o4&&o4.some(g);else r3.__e=u3.__e;r3.__k||(r3.__k=u3.__k||[]),t4&&t4.then||D(r3),n.__e(t4,r3,u3)}}else
l3=r3.__e=F(u3.__e,r3,u3,i3,f4,o4,e3,c3,a4,t3);return(s3=n.diffed)&&s3(r3),l3}function B(n2,t3){if(n2&&n2.nodeType==8&&n2.data.startsWith("$s"))for(var r3=1;n2=
n2.nextSibling;){if(n2.nodeType==8){if(n2.data.startsWith("$s"))r3++;else if(n2.data.startsWith("/$s")&&!--r3)return n2}t3&&t3.push(n2)}}function D(n2){n2&&(n2.
__c&&(n2.__c.__g|=4),n2.__k&&n2.__k.some(D))}function E(t3,r3,u3){for(var i3=0;i3<u3.length;)G(u3[i3++],u3[i3++],u3[i3++]);n.__c&&n.__c(r3,t3),t3.some(function(r4){
try{t3=r4.__h,r4.__h=[],t3.some(function(n2){n2.call(r4)})}catch(t4){n.__e(t4,r4.__v)}})}function F(t3,r3,u3,i3,f4,o4,e3,l3,c3,a4){var s3,h3,y3,_3,k2,b,m3,M,$2=u3.
props||p,x2=r3.props,C3=r3.type;if(C3=="svg"?f4="http://www.w3.org/2000/svg":C3=="math"?f4="http://www.w3.org/1998/Math/MathML":f4||(f4="http://www.w3.org/1999/\
xhtml"),o4){for(s3=0;s3<o4.length;s3++)if((k2=o4[s3])&&(C3?k2.localName==C3:k2.nodeType==3)){t3=k2,o4[s3]=null;break}}if(!t3){if(M=a4.ownerDocument||document,!C3)
return M.createTextNode(x2);t3=M.createElementNS(f4,C3,x2.is?x2:a4),l3&&(n.__m&&n.__m(r3,o4),l3=!1),o4=null}if(C3){if(a4=C3=="template"&&t3.content||t3,o4=C3=="\
textarea"&&x2.defaultValue!=null?null:o4&&d.call(a4.childNodes),!l3&&o4)for($2={},s3=0;s3<t3.attributes.length;s3++)$2[(k2=t3.attributes[s3]).name]=k2.value;for(s3 in $2)
k2=$2[s3],s3=="dangerouslySetInnerHTML"?y3=k2:s3=="children"||s3 in x2||s3=="value"&&"defaultValue"in x2||s3=="checked"&&"defaultChecked"in x2||N(t3,s3,null,k2,
f4);for(s3 in x2)k2=x2[s3],s3=="children"?_3=k2:s3=="dangerouslySetInnerHTML"?h3=k2:s3=="value"?b=k2:s3=="checked"?m3=k2:l3&&typeof k2!="function"||$2[s3]===k2||
N(t3,s3,k2,$2[s3],f4);h3?(l3||y3&&(h3.__html==y3.__html||h3.__html==t3.innerHTML)||(t3.innerHTML=h3.__html),r3.__k=[]):(y3&&(t3.textContent=""),(C3=="foreignObj\
ect"||f4=="http://www.w3.org/1998/Math/MathML"&&v.test(C3))&&(f4="http://www.w3.org/1999/xhtml"),I(a4,w(_3)?_3:[_3],r3,u3,i3,f4,o4,e3,o4?o4[0]:u3.__k&&S(u3,0),l3,
c3),o4&&o4.some(g)),l3&&C3!="textarea"||(s3="value",C3=="progress"&&b==null?t3.removeAttribute(s3):b==null||b===t3[s3]&&(C3!="progress"||b)||N(t3,s3,b,$2[s3],f4),
s3="checked",m3!=null&&m3!=t3[s3]&&N(t3,s3,m3,$2[s3],f4))}else $2===x2||l3&&t3.data==x2||(t3.data=x2);return t3}function G(t3,r3,u3,i3){try{typeof t3=="function"?
r3?r3.__x=t3(r3)||1:i3&&(i3=i3.__c||i3.__e)&&(r3=i3.__x)&&(i3.__x=null,typeof r3=="function"?r3():t3(null)):t3.current=r3}catch(t4){n.__e(t4,u3)}}function J(t3,r3,u3){
var i3,f4,o4,e3;if(n.unmount&&n.unmount(t3),!(i3=t3.ref)||i3.current&&i3.current!=t3.__e||G(i3,null,r3,t3),i3=t3.__c){if(i3.componentWillUnmount)try{i3.componentWillUnmount()}catch(t4){
n.__e(t4,r3)}i3.__P=i3.__n=null}if(i3=t3.__k)for(e3=0;e3<i3.length;e3++)i3[e3]&&J(i3[e3],r3,typeof t3.type!="function"||u3&&!t3.props.__P);!u3&&(i3=t3.__c)&&(i3=
i3.__z)&&(f4=B(i3,o4=[]))&&(i3==t3.__e&&o4.some(g),g(f4),g(i3)),u3||g(t3.__e),t3.__e=t3.__c=t3.__=null}function K(n2,t3,r3){return this.constructor(n2,r3)}function Q(t3,r3){
var u3,i3,f4,o4;n.__&&n.__(t3,r3),r3.nodeType==9&&(r3=r3.documentElement),i3=(u3=t3&&32&t3.__u)?null:r3.__k,r3.__k=m($,{children:[t3]}),f4=[],o4=[],z(r3,r3.__k,
i3||p,p,r3.namespaceURI,i3?null:r3.firstChild?d.call(r3.childNodes):null,f4,i3?i3.__e:r3.firstChild,u3,o4),E(f4,r3.__k,o4),r3.__k.props.children=null}n={__e:function(n2,t3,r3,u3){for(var i3,o4,e3;t3=t3.__;)if((i3=t3.__c)&&!(1&i3.__g)){i3.__g|=4;try{if((e3=(o4=i3.constructor)&&o4.getDerivedStateFromError)&&i3.
setState(o4.getDerivedStateFromError(n2)),i3.componentDidCatch&&(i3.componentDidCatch(n2,u3||{}),e3=1),e3&&8&i3.__g)return void(i3.__g|=2)}catch(t4){n2=t4}}throw f=
0,n2}},t=0,r=function(n2){return n2!=null&&n2.constructor===h},x.prototype.setState=function(n2,t3){var r3=this.__s;r3&&r3!=this.state||(r3=this.__s=_({},this.state)),
typeof n2=="function"&&(n2=n2(_({},r3),this.props)),n2&&(_(r3,n2),this.__v&&(t3&&this.__k.push(t3),L(this)))},x.prototype.forceUpdate=function(n2){this.__v&&(this.
__g|=4,n2&&this.__h.push(n2),L(this))},x.prototype.render=$,u=[],f=0,o=function(n2,t3){return n2.__v.__b-t3.__v.__b},e=Symbol(),l=/(PointerCapture)$|Capture$/i,
c=0,a={},s=0;var t2,r2,u2,i2,o2=Object.is,f2=0,c2=[],e2=[],a2=n,v2=a2.__b,l2=a2.__r,m2=a2.diffed,h2=a2.__c,s2=a2.unmount,p2=a2.__;function y2(n2,t3){a2.__h&&a2.__h(r2,n2,f2||
t3),f2=0;var u3=r2.__H||(r2.__H={__:[],__h:[]});return n2>=u3.__.length&&u3.__.push({}),u3.__[n2]}function d2(n2){return f2=1,_2(G2,n2)}function _2(n2,u3,i3){var f4=y2(
t2++,2);if(f4.t=n2,!f4.__c&&(f4.__=[i3?i3(u3):G2(void 0,u3),function(n3){var t3=(f4.__N||f4.__)[0],r3=f4.t(t3,n3);o2(t3,r3)||(f4.__N=[r3,f4.__[1]],f4.__c.setState(
{}))}],f4.__c=r2,!r2.__f)){r2.__f=!0;var c3=r2.shouldComponentUpdate;r2.shouldComponentUpdate=function(n3,t3,r3){var u4=this.__H;if(!u4)return!0;var i4=!1,f5=this.
props!=n3;if(u4.__.some(function(n4){n4.__N&&(i4=!0,o2(n4.__[0],n4.__N[0])||(f5=!0))}),c3){var e3=c3.call(this,n3,t3,r3);return i4?e3||f5:e3}return!i4||f5}}return f4.
__}function A2(n2,u3){var i3=y2(t2++,3);!a2.__s&&E2(i3.__H,u3)&&(i3.__P=!0,i3.__=n2,i3.u=u3,r2.__H.__h.push(i3))}function F2(n2,u3){var i3=y2(t2++,4);!a2.__s&&E2(
i3.__H,u3)&&(i3.__P=!1,i3.__=n2,i3.u=u3,r2.__h.push(i3))}function T2(n2){return f2=5,w2(function(){return{current:n2}},[])}function w2(n2,r3){var u3=y2(t2++,7);return E2(u3.__H,r3)&&(u3.__=n2(),u3.__H=r3),u3.__}function g2(){var n2;do{for(;n2=e2.shift();)try{C2(n2)}catch(t4){a2.__e(t4,{__:(n2=n2.__P)&&n2.__v})}for(;n2=c2.shift();){var t3=n2.__H;if(n2.__P&&t3)try{t3.__h.
some(C2),t3.__h.some(D2),t3.__h=[]}catch(r3){t3.__h=[],a2.__e(r3,n2.__v)}}}while(e2.length)}a2.__b=function(n2){r2=null,v2&&v2(n2)},a2.__=function(n2,t3){n2&&t3.
__k&&t3.__k.__m&&(n2.__m=t3.__k.__m),p2&&p2(n2,t3)},a2.__r=function(n2){l2&&l2(n2),t2=0;var i3=(r2=n2.__c).__H;i3&&(u2==r2?r2.__h=[]:(i3.__h.some(C2),i3.__h.some(
D2),t2=0),i3.__h=[],i3.__.some(function(n3){n3.__N&&(n3.__=n3.__N),n3.u=n3.__N=void 0})),u2=r2},a2.diffed=function(n2){m2&&m2(n2);var t3=n2.__c;t3&&t3.__H&&(t3.
__H.__h.length&&B2(c2.push(t3)),t3.__H.__.some(function(n3){n3.u&&(n3.__H=n3.u)})),u2=r2=null},a2.__c=function(n2,t3){t3.some(function(n3){try{n3.__h.some(C2),n3.
__h=n3.__h.filter(function(n4){return!n4.__||D2(n4)})}catch(t4){n3.__h=[function(){throw t4}]}}),h2&&h2(n2,t3)},a2.unmount=function(n2){s2&&s2(n2);var t3,r3,u3=n2.
__c;u3&&u3.__H&&(u3.__H.__.some(function(u4){try{if(u4.__P&&u4.__c){if(r3===void 0){for(r3=n2.__;r3&&(!r3.__c||!r3.__c.__P);)r3=r3.__;r3=r3&&r3.__c}u4.__P=r3,B2(
e2.push(u4))}else C2(u4)}catch(n3){t3=n3}}),u3.__H=void 0,t3&&a2.__e(t3,u3.__v))};var k=typeof requestAnimationFrame=="function";function z2(n2){var t3,r3=function(){
clearTimeout(u3),k&&cancelAnimationFrame(t3),setTimeout(n2)},u3=setTimeout(r3,35);k&&(t3=requestAnimationFrame(r3))}function B2(n2){n2!=1&&i2==a2.requestAnimationFrame||
((i2=a2.requestAnimationFrame)||z2)(g2)}function C2(n2){var t3=r2,u3=n2.__c;typeof u3=="function"&&(n2.__c=void 0,u3()),r2=t3}function D2(n2){var t3=r2;n2.__c=n2.
__(),r2=t3}function E2(n2,t3){return!n2||n2.length!=t3.length||t3.some(function(t4,r3){return!o2(t4,n2[r3])})}function G2(n2,t3){return typeof t3=="function"?t3(
n2):t3}var PATH_PARAM_RE=/\{[^{}]+\}/g,supportsRequestInitExt=()=>typeof process=="object"&&Number.parseInt(process?.versions?.node?.substring(0,2))>=18&&process.versions.
undici;function randomID(){return Math.random().toString(36).slice(2,11)}function createClient(clientOptions){let{baseUrl="",Request:CustomRequest=globalThis.Request,
fetch:baseFetch=globalThis.fetch,querySerializer:globalQuerySerializer,bodySerializer:globalBodySerializer,pathSerializer:globalPathSerializer,headers:baseHeaders,
requestInitExt=void 0,...baseOptions}={...clientOptions};requestInitExt=supportsRequestInitExt()?requestInitExt:void 0,baseUrl=removeTrailingSlash(baseUrl);let globalMiddlewares=[];
async function coreFetch(schemaPath,fetchOptions){let{baseUrl:localBaseUrl,fetch:fetch2=baseFetch,Request=CustomRequest,headers,params={},parseAs="json",querySerializer:requestQuerySerializer,
bodySerializer=globalBodySerializer??defaultBodySerializer,pathSerializer:requestPathSerializer,body,middleware:requestMiddlewares=[],...init}=fetchOptions||{},
finalBaseUrl=baseUrl;localBaseUrl&&(finalBaseUrl=removeTrailingSlash(localBaseUrl)??baseUrl);let querySerializer=typeof globalQuerySerializer=="function"?globalQuerySerializer:
createQuerySerializer(globalQuerySerializer);requestQuerySerializer&&(querySerializer=typeof requestQuerySerializer=="function"?requestQuerySerializer:createQuerySerializer(
{...typeof globalQuerySerializer=="object"?globalQuerySerializer:{},...requestQuerySerializer}));let pathSerializer=requestPathSerializer||globalPathSerializer||
defaultPathSerializer,serializedBody=body===void 0?void 0:bodySerializer(body,mergeHeaders(baseHeaders,headers,params.header)),finalHeaders=mergeHeaders(serializedBody===
void 0||serializedBody instanceof FormData?{}:{"Content-Type":"application/json"},baseHeaders,headers,params.header),finalMiddlewares=[...globalMiddlewares,...requestMiddlewares],
requestInit={redirect:"follow",...baseOptions,...init,body:serializedBody,headers:finalHeaders},id,options,request=new Request(createFinalURL(schemaPath,{baseUrl:finalBaseUrl,
params,querySerializer,pathSerializer}),requestInit),response;for(let key in init)key in request||(request[key]=init[key]);if(finalMiddlewares.length){id=randomID(),
options=Object.freeze({baseUrl:finalBaseUrl,fetch:fetch2,parseAs,querySerializer,bodySerializer,pathSerializer});for(let m3 of finalMiddlewares)if(m3&&typeof m3==
"object"&&typeof m3.onRequest=="function"){let result=await m3.onRequest({request,schemaPath,params,options,id});if(result)if(result instanceof Request)request=
result;else if(result instanceof Response){response=result;break}else throw new Error("onRequest: must return new Request() or Response() when modifying the req\
uest")}}if(!response){try{response=await fetch2(request,requestInitExt)}catch(error2){let errorAfterMiddleware=error2;if(finalMiddlewares.length)for(let i3=finalMiddlewares.
length-1;i3>=0;i3--){let m3=finalMiddlewares[i3];if(m3&&typeof m3=="object"&&typeof m3.onError=="function"){let result=await m3.onError({request,error:errorAfterMiddleware,
schemaPath,params,options,id});if(result){if(result instanceof Response){errorAfterMiddleware=void 0,response=result;break}if(result instanceof Error){errorAfterMiddleware=
result;continue}throw new Error("onError: must return new Response() or instance of Error")}}}if(errorAfterMiddleware)throw errorAfterMiddleware}if(finalMiddlewares.
length)for(let i3=finalMiddlewares.length-1;i3>=0;i3--){let m3=finalMiddlewares[i3];if(m3&&typeof m3=="object"&&typeof m3.onResponse=="function"){let result=await m3.
onResponse({request,response,schemaPath,params,options,id});if(result){if(!(result instanceof Response))throw new Error("onResponse: must return new Response() \
when modifying the response");response=result}}}}let contentLength=response.headers.get("Content-Length");if(response.status===204||request.method==="HEAD"||contentLength===
"0"&&!response.headers.get("Transfer-Encoding")?.includes("chunked"))return response.ok?{data:void 0,response}:{error:void 0,response};if(response.ok)return{data:await(async()=>{
if(parseAs==="stream")return response.body;if(parseAs==="json"&&!contentLength){let raw=await response.text();return raw?JSON.parse(raw):void 0}return await response[parseAs]()})(),
response};let error=await response.text();try{error=JSON.parse(error)}catch{}return{error,response}}return{request(method,url,init){return coreFetch(url,{...init,
method:method.toUpperCase()})},GET(url,init){return coreFetch(url,{...init,method:"GET"})},PUT(url,init){return coreFetch(url,{...init,method:"PUT"})},POST(url,init){
return coreFetch(url,{...init,method:"POST"})},DELETE(url,init){return coreFetch(url,{...init,method:"DELETE"})},OPTIONS(url,init){return coreFetch(url,{...init,
method:"OPTIONS"})},HEAD(url,init){return coreFetch(url,{...init,method:"HEAD"})},PATCH(url,init){return coreFetch(url,{...init,method:"PATCH"})},TRACE(url,init){
return coreFetch(url,{...init,method:"TRACE"})},use(...middleware){for(let m3 of middleware)if(m3){if(typeof m3!="object"||!("onRequest"in m3||"onResponse"in m3||
"onError"in m3))throw new Error("Middleware must be an object with one of `onRequest()`, `onResponse() or `onError()`");globalMiddlewares.push(m3)}},eject(...middleware){
for(let m3 of middleware){let i3=globalMiddlewares.indexOf(m3);i3!==-1&&globalMiddlewares.splice(i3,1)}}}}function serializePrimitiveParam(name,value,options){if(value==null)return"";if(typeof value=="object")throw new Error("Deeply-nested arrays/objects aren’t supp\
orted. Provide your own `querySerializer()` to handle these.");return`${name}=${options?.allowReserved===!0?value:encodeURIComponent(value)}`}function serializeObjectParam(name,value,options){
if(!value||typeof value!="object")return"";let values=[],joiner={simple:",",label:".",matrix:";"}[options.style]||"&";if(options.style!=="deepObject"&&options.explode===
!1){for(let k2 in value)values.push(k2,options.allowReserved===!0?value[k2]:encodeURIComponent(value[k2]));let final2=values.join(",");switch(options.style){case"\
form":return`${name}=${final2}`;case"label":return`.${final2}`;case"matrix":return`;${name}=${final2}`;default:return final2}}for(let k2 in value){let finalName=options.
style==="deepObject"?`${name}[${k2}]`:k2;values.push(serializePrimitiveParam(finalName,value[k2],options))}let final=values.join(joiner);return options.style===
"label"||options.style==="matrix"?`${joiner}${final}`:final}function serializeArrayParam(name,value,options){if(!Array.isArray(value))return"";if(options.explode===
!1){let joiner2={form:",",spaceDelimited:"%20",pipeDelimited:"|"}[options.style]||",",final=(options.allowReserved===!0?value:value.map(v3=>encodeURIComponent(v3))).
join(joiner2);switch(options.style){case"simple":return final;case"label":return`.${final}`;case"matrix":return`;${name}=${final}`;default:return`${name}=${final}`}}
let joiner={simple:",",label:".",matrix:";"}[options.style]||"&",values=[];for(let v3 of value)options.style==="simple"||options.style==="label"?values.push(options.
allowReserved===!0?v3:encodeURIComponent(v3)):values.push(serializePrimitiveParam(name,v3,options));return options.style==="label"||options.style==="matrix"?`${joiner}${values.
join(joiner)}`:values.join(joiner)}function createQuerySerializer(options){return function(queryParams){let search=[];if(queryParams&&typeof queryParams=="objec\
t")for(let name in queryParams){let value=queryParams[name];if(value!=null){if(Array.isArray(value)){if(value.length===0)continue;search.push(serializeArrayParam(
name,value,{style:"form",explode:!0,...options?.array,allowReserved:options?.allowReserved||!1}));continue}if(typeof value=="object"){search.push(serializeObjectParam(
name,value,{style:"deepObject",explode:!0,...options?.object,allowReserved:options?.allowReserved||!1}));continue}search.push(serializePrimitiveParam(name,value,
options))}}return search.join("&")}}function defaultPathSerializer(pathname,pathParams){let nextURL=pathname;for(let match of pathname.match(PATH_PARAM_RE)??[]){
let name=match.substring(1,match.length-1),explode=!1,style="simple";if(name.endsWith("*")&&(explode=!0,name=name.substring(0,name.length-1)),name.startsWith(".")?
(style="label",name=name.substring(1)):name.startsWith(";")&&(style="matrix",name=name.substring(1)),!pathParams||pathParams[name]===void 0||pathParams[name]===
null)continue;let value=pathParams[name];if(Array.isArray(value)){nextURL=nextURL.replace(match,serializeArrayParam(name,value,{style,explode}));continue}if(typeof value==
"object"){nextURL=nextURL.replace(match,serializeObjectParam(name,value,{style,explode}));continue}if(style==="matrix"){nextURL=nextURL.replace(match,`;${serializePrimitiveParam(
name,value)}`);continue}nextURL=nextURL.replace(match,style==="label"?`.${encodeURIComponent(value)}`:encodeURIComponent(value))}return nextURL}function defaultBodySerializer(body,headers){
return body instanceof FormData?body:headers&&(headers.get instanceof Function?headers.get("Content-Type")??headers.get("content-type"):headers["Content-Type"]??
headers["content-type"])==="application/x-www-form-urlencoded"?new URLSearchParams(body).toString():JSON.stringify(body)}function createFinalURL(pathname,options){
let finalURL=`${options.baseUrl}${pathname}`;options.params?.path&&(finalURL=options.pathSerializer(finalURL,options.params.path));let search=options.querySerializer(
options.params.query??{});return search.startsWith("?")&&(search=search.substring(1)),search&&(finalURL+=`?${search}`),finalURL}function mergeHeaders(...allHeaders){
let finalHeaders=new Headers;for(let h3 of allHeaders){if(!h3||typeof h3!="object")continue;let iterator=h3 instanceof Headers?h3.entries():Object.entries(h3);for(let[
k2,v3]of iterator)if(v3===null)finalHeaders.delete(k2);else if(Array.isArray(v3))for(let v22 of v3)finalHeaders.append(k2,v22);else v3!==void 0&&finalHeaders.set(
k2,v3)}return finalHeaders}function removeTrailingSlash(url){return url.endsWith("/")?url.substring(0,url.length-1):url}var Problem=class extends Error{constructor(status,body){super(body.detail||`The server answered ${status}.`);this.status=status;this.body=body;this.code=body.code??
"",this.errors=body.errors??[]}status;body;code;errors},pause=ms=>new Promise(done=>setTimeout(done,ms));async function patiently(request){for(let tries=1;;tries++)
try{let answer=await fetch(request.clone());if(tries===4||![429,502,503].includes(answer.status))return answer;await pause(1e3*Number(answer.headers.get("Retry-\
After")??1))}catch{if(tries===4)throw new Problem(0,{detail:"The server cannot be reached. What you typed is kept: try again in a moment."});await pause(400*tries)}}
var session={token:"",onRefused:()=>{}},api=createClient({fetch:patiently});api.use({onRequest({request}){session.token&&request.headers.set("Authorization",`Be\
arer ${session.token}`),request.method==="POST"&&!request.headers.has("Idempotency-Key")&&request.headers.set("Idempotency-Key",crypto.randomUUID())}});var of=id=>({
params:{path:{id}}}),once=key=>({"Idempotency-Key":key}),ofOnce=(id,key)=>({params:{path:{id},header:once(key)}}),by=query=>({params:{query}}),ofBy=(id,query)=>({
params:{path:{id},query}}),firstTime=key=>({params:{header:once(key)}});async function must(asked){let{data,error,response}=await asked;if(response.ok)return data;
throw response.status===401&&session.token&&session.onRefused(),new Problem(response.status,error??{})}var SILENCE_MS=4e4,LONGEST_WAIT_MS=15e3;async function listen(told2,line2){let last="",retryMs=1e3;for(let failures=0;session.token;failures++){line2("connectin\
g");let stop=new AbortController;try{let{stream_url}=await must(api.GET("/api/v1/feed/",{})),headers={Authorization:`Bearer ${session.token}`,Accept:"text/event\
-stream"};last&&(headers["Last-Event-ID"]=last);let answer=await fetch(stream_url,{headers,signal:stop.signal,cache:"no-store"});if(!answer.ok||!answer.body)throw Object.
assign(new Error(`${answer.status}`),{isFinal:[401,403].includes(answer.status)});line2("live");let reader=answer.body.pipeThrough(new TextDecoderStream).getReader();
for(let rest="";;){let silence=setTimeout(()=>stop.abort(),SILENCE_MS),{value,done}=await reader.read().finally(()=>clearTimeout(silence));if(done)break;failures=
0;let blocks=(rest+value).split(`

`);rest=blocks.pop()??"";for(let block of blocks){let field=Object.fromEntries([...block.matchAll(/^(\w+): (.*)$/gm)].map(([,name,text])=>[name,text]));field.retry&&
(retryMs=Number(field.retry));let message=field.data?JSON.parse(field.data):null;if(message&&told2(message),message?.kind==="replaced"||message?.kind==="refused")
return line2("ended",message.data.detail);field.id&&(last=field.id)}}}catch(error){if(error.isFinal)return line2("ended","Sign in again.")}line2("waiting"),await new Promise(
done=>setTimeout(done,Math.min(LONGEST_WAIT_MS,retryMs*2**Math.min(failures,4))*(.75+Math.random()/2)))}}var desk={me:null,line:"connecting",why:"",agent:null,works:[],shown:"",announcements:[],owed:0},readLists=async()=>{let query={is_active:!0,page_size:200},[topics,
ways,codes]=await Promise.all([must(api.GET("/api/v1/topics/",by({...query,ordering:"code"}))),must(api.GET("/api/v1/dispositions/",by({...query,ordering:"order"}))),
must(api.GET("/api/v1/pause-codes/",by({...query,ordering:"order"})))]);return{topics:topics.results,ways:ways.results,codes:codes.results}},redraw=()=>{},drawWith=how=>redraw=
how,draw=()=>redraw(),can=operation=>desk.me?.may.includes(operation)??!1,number=work=>work.hand?.phone??work.owed?.phone??(work.call&&(work.call.direction==="o\
utbound"?work.call.to:work.call.from).e164)??"",display=work=>work.contact?.phones.find(one=>one.number===number(work))?.display??work.said??number(work),shown=()=>desk.
works.find(work=>work.id===desk.shown),hushing=0;function say(text,where="status"){document.getElementById(where).textContent=text,clearTimeout(hushing),hushing=
setTimeout(()=>document.getElementById("status").textContent="",8e3)}var isTyping=(element=document.activeElement)=>element instanceof HTMLTextAreaElement||element instanceof
HTMLSelectElement||element instanceof HTMLInputElement&&!["radio","checkbox","button"].includes(element.type);function show(work,asked=!1){if(desk.shown&&isTyping()&&
!asked)return draw();desk.shown=work?.id??"",draw(),work?.stage!=="ended"&&document.getElementById("who")?.focus()}function begin(work){let pane=work.stage==="e\
nded"||work.owed?"writeup":work.hand?.survey_version?"survey":"script",made={held:!1,matches:[],contact:null,open:{},dialling:"",pane,draft:{topic:"",disposition:"",
note:"",at:""},...work};return desk.works.push(made),complete(made),made}async function complete(work){try{let phone=number(work);if(!work.matches.length&&phone){
let{matches,open,phone:said}=await must(api.GET("/api/v1/lookup/",by({phone})));Object.assign(work,{matches,open,said:said.display})}let only=work.matches.length===
1?work.matches[0].contact.id:null,id=work.call?.contact??work.hand?.contact.id??work.owed?.contact??work.contact?.id??only,match=work.matches.find(one=>one.contact.
id===id);work.contact=match?.contact??(id?await must(api.GET("/api/v1/contacts/{id}/",of(id))):null)}catch(problem){say(problem.message)}draw()}function drop(work){
if(desk.works=desk.works.filter(one=>one!==work),desk.shown!==work.id)return draw();desk.shown="",show(desk.works[0],!0)}function takeInHand(hand){let known=desk.
works.find(work=>work.hand?.attempt===hand.attempt);show(known??begin({id:hand.attempt,stage:"ready",hand,contact:{...hand.contact,merged_from:null}}),!0);let beat=async()=>{
desk.works.some(work=>work.hand?.attempt===hand.attempt)&&(await api.POST("/api/v1/attempts/{id}/heartbeat/",{...of(hand.attempt),body:{token:hand.token}}).catch(
()=>{}),setTimeout(beat,hand.heartbeat_every_s*1e3))};setTimeout(beat,hand.heartbeat_every_s*1e3)}var owe=owed=>show(desk.works.find(work=>work.id===owed.id)??begin(
{id:owed.id,stage:"ready",owed}),!0);function workOf(call){return desk.works.find(work=>work.call?.id===call.id)??desk.works.find(work=>!work.call&&call.direction===
"outbound"&&number(work)===call.to.e164)}function told({kind,data}){if(kind==="hello"||kind==="reset")return everything(data);if(kind==="call.ringing"&&ring(data,
"ringing"),kind==="call.updated"){let goesOn=data.call.state==="in_progress",work2=workOf(data.call)??(goesOn?begin({id:data.call.id,stage:"ringing",call:data.call}):
void 0);if(!work2)return;let isNew=work2.stage!=="talking";if(Object.assign(work2,{call:data.call,dialling:""}),data.changed.includes("held")&&(work2.held=!0),data.
changed.includes("resumed")&&(work2.held=!1),data.changed.includes("identified")&&complete(Object.assign(work2,{matches:[]})),data.changed.includes("written_up"))
return work2.stage==="ended"?drop(work2):void 0;goesOn&&(work2.stage="talking"),isNew&&work2.stage==="talking"&&show(work2)}let work=desk.works.find(one=>one.call&&
one.call.id===(typeof data.call=="string"?data.call:data.call?.id));if(kind==="call.taken"&&work&&(say(`Taken by ${data.by.join(", ")}.`),drop(work)),kind==="ca\
ll.rang_out"&&work&&(say("It rings no more."),drop(work)),kind==="call.ended"&&work&&(!work.hand&&(data.wrap_up!=="pending"||data.agent!==desk.me?.id)?drop(work):
(Object.assign(work,{stage:"ended",held:!1,talk_s:data.talk_s,pane:isTyping()&&work.pane!=="script"?work.pane:"writeup"}),say("The call is over: write it up."),
show(work))),kind==="call_request.updated"){let asked=desk.works.find(one=>one.stage==="ready"&&one.dialling);asked&&(asked.dialling=data.problem||`Your phone i\
s asked to ring: ${data.state}.`)}if(kind==="agent.state"&&data.agent===desk.me?.id&&(desk.agent={...desk.agent,...data}),kind==="break.due"&&(Object.assign(desk.
agent,{break_due:data}),say(data.text,"quiet")),kind==="micro_pause.offered"&&(Object.assign(desk.agent,{micro_pause:data}),say(data.text,"quiet")),kind==="agen\
t.signed_in_elsewhere"&&(desk.why="You signed in at another screen: that one counts now."),kind==="campaign.contact_revoked"){let lost=desk.works.find(one=>one.
id===data.attempt);lost?.stage==="ready"&&(say("They may not be called any more. Take the next.","alert"),drop(lost))}kind==="announcement"&&(desk.announcements.
push(data),say(data.text,"quiet")),kind==="announcement.withdrawn"&&(desk.announcements=desk.announcements.filter(one=>one.announcement!==data.announcement)),/^(callback\.due|return_call\.assigned)$/.
test(kind)&&(desk.owed++,say("Somebody is owed a call.")),draw()}function ring({call,matches,open},stage){let known=workOf(call),work=known??begin({id:call.id,stage,
call,matches,open});Object.assign(work,{call,stage},matches.length&&{matches,open});let names=matches.map(one=>one.contact.display_name).join(" or ");stage==="r\
inging"&&!known&&say(`A call from ${names||number(work)||"a withheld number"}`,"alert"),show(work)}function everything(screen){let calls=screen.calls??{},ids=[...[
...calls.ringing??[],...calls.talking??[]].map(one=>one.call),...calls.to_write_up??[]].map(call=>call.id);desk.works=desk.works.filter(work=>!work.call||ids.includes(
work.call.id));for(let call of calls.to_write_up??[])Object.assign(workOf(call)??begin({id:call.id,stage:"ended",call}),{stage:"ended"});for(let one of calls.talking??
[])ring(one,"talking");for(let one of calls.ringing??[])ring(one,"ringing");desk.agent={...desk.agent,...screen.agent},desk.announcements=screen.announcements??
[],desk.owed=[screen.callbacks,screen.return_calls].flatMap(rows=>Array.isArray(rows)?rows:[]).length,shown()||(desk.shown=""),show(shown()??desk.works[0])}async function start(token){
session.token=token,session.onRefused=()=>(signOut(),say("Your shift's token is over: sign in again.","alert"));try{desk.me=await must(api.GET("/api/v1/me/",{}))}catch(problem){
throw session.token="",problem}if(sessionStorage.setItem("token",token),can("agents_sign_in")){let mine=await must(api.POST("/api/v1/agents/me/sign-in/",{body:{
device:"The desk"}}));desk.agent=mine,alive(mine.session??"")}listen(told,(line2,why="")=>(Object.assign(desk,{line:line2,why:why||desk.why}),draw())),draw()}async function alive(id){
for(;session.token;){try{desk.agent={...desk.agent,...await must(api.POST("/api/v1/agents/me/heartbeat/",{body:{session:id}}))},draw()}catch(problem){if(problem.
status===409)return desk.why=problem.message,draw()}await new Promise(done=>setTimeout(done,2e4))}}function signOut(){session.token="",sessionStorage.removeItem(
"token"),Object.assign(desk,{me:null,agent:null,works:[],shown:"",why:""}),draw()}var f3=Symbol.for("pv"),o3=0;function a3(t3,e3,n2,u3,a4,i3){e3||(e3={});var c3,l3,p3=e3;if("ref"in p3&&typeof t3!="function")for(l3 in p3={},e3)l3=="ref"?c3=e3[l3]:p3[l3]=e3[l3];var s3={type:t3,
props:p3,key:n2,ref:c3,__k:null,__:null,__b:0,__e:null,__c:null,constructor:f3,__v:--o3,__i:-1,__u:0};return(a4||i3)&&(s3.__source=a4,s3.__self=i3),n.vnode&&n.vnode(
s3),s3}var LETTERS="keys-with-alt-only";document.addEventListener("keydown",event=>{if(event.ctrlKey||event.metaKey||event.isComposing)return;let active=document.activeElement;
if(event.key==="Escape"&&isTyping()&&!active?.closest("dialog"))return event.preventDefault(),document.getElementById("who")?.focus();if(!event.altKey&&(isTyping()||
localStorage.getItem(LETTERS)))return;let place=(event.shiftKey?"Shift+":"")+event.code.replace(/^(Key|Digit|Numpad)/,""),scope=document.querySelector("dialog[o\
pen]")??document,find=key=>[...scope.querySelectorAll(`[data-key="${key}"]`)].find(one=>one.checkVisibility()&&!one.disabled),found=find(place)??(event.key==="?"||
place==="Shift+Slash"?find("?"):void 0);!found||found===active&&isTyping()||(event.preventDefault(),found.focus(),isTyping(found)||found.click())});var Key=({of:of2})=>of2?
a3("kbd",{"aria-hidden":"true",children:of2.replace("Shift+","⇧")}):null,keyed=key=>key?{"data-key":key,"aria-keyshortcuts":`${key} Alt+${key}`}:{};function Button({
hot,children,onClick,kind="",pressed}){let[busy,setBusy]=d2(!1);return a3("button",{type:"button",class:kind,"aria-pressed":pressed,disabled:busy,onClick:async()=>{
setBusy(!0);try{await onClick()}catch(problem){say(problem.message)}finally{setBusy(!1)}},...keyed(hot),children:[children," ",a3(Key,{of:hot})]})}function wrong(problem,name){
return problem?.errors.filter(one=>one.pointer===`/${name}`||one.pointer.startsWith(`/${name}/`)).map(one=>one.detail).join(" ")??""}function Field({label,name,
value,set,problem=null,hot,children,rows,autofocus,...more}){let field=T2(null),why=wrong(problem,name);F2(()=>{autofocus&&field.current?.focus()},[]);let common={
ref:field,name,value,required:more.required,"aria-invalid":!!why,"aria-describedby":why?`why-${name}`:void 0,...keyed(hot),onInput:event=>set(event.target.value)};
return a3("label",{class:why?"wrong":"",children:[a3("span",{children:[label,more.required&&a3("span",{"aria-hidden":"true",children:" *"})," ",a3(Key,{of:hot})]}),
children?a3("select",{...common,children}):rows?a3("textarea",{...common,rows}):a3("input",{...more,...common}),why&&a3("em",{id:`why-${name}`,children:why})]})}
var Options=({of:of2,none})=>a3($,{children:[none&&a3("option",{value:"",children:none}),of2?.map(one=>a3("option",{value:one.code,children:one.name},one.code))]}),
named=(...codes)=>codes.map(code=>({code,name:words(code)})),Tick=({label,on,set,hot,children})=>a3("label",{class:"check",children:[a3("input",{type:"checkbox",
checked:on,onChange:set,...keyed(hot)}),label," ",a3(Key,{of:hot}),children]});function Form({send,label,children,name}){let[problem,setProblem]=d2(null),[busy,
setBusy]=d2(!1),key=T2(crypto.randomUUID());return a3("form",{"aria-label":name,onSubmit:async event=>{if(event.preventDefault(),!busy){setBusy(!0),setProblem(null);
try{await send(key.current),key.current=crypto.randomUUID()}catch(refused){(!(refused instanceof Problem)||refused.status)&&(key.current=crypto.randomUUID()),setProblem(
refused instanceof Problem?refused:new Problem(0,{detail:String(refused)})),requestAnimationFrame(()=>document.querySelector("[aria-invalid=true]")?.focus())}finally{
setBusy(!1)}}},onKeyDown:event=>event.ctrlKey&&event.key==="Enter"&&event.currentTarget.requestSubmit(),children:[problem&&a3("p",{class:"problem",role:"alert",
children:problem.message}),children(problem),a3("button",{type:"submit",class:"main",disabled:busy,"aria-keyshortcuts":"Control+Enter",children:[label," ",a3("k\
bd",{"aria-hidden":"true",children:"Ctrl ⏎"})]})]})}function useLoad(key,load){let[found,setFound]=d2();return A2(()=>{let isCurrent=!0;return key&&load().then(
what=>isCurrent&&setFound({key,what}),problem=>say(problem.message)),()=>{isCurrent=!1}},[key]),found?.key===key?found.what:void 0}var clock=at=>at?new Date(at).
toLocaleTimeString([],{hour:"2-digit",minute:"2-digit"}):"",day=at=>at?new Date(at).toLocaleDateString([],{day:"numeric",month:"short"}):"",words=code=>code.replace(
/[._-]/g," ").replace(/^./,letter=>letter.toUpperCase());var nameOf=work=>work.contact?.display_name??(work.matches.length>1?work.matches.map(one=>one.contact.display_name).join(" or "):display(work)||"Number withheld"),
STAGE={ready:"To be called",ringing:"Rings at your desk",talking:"On the line",ended:"To write up"};function Head({work}){let{contact,call}=work,facts=[...(contact&&
[display(work),contact.language,contact.addresses[0]?.city,words(contact.lifecycle),...contact.tags])??[],call?.queue&&`queue ${call.queue}`],local=contact?.time_zone&&
new Date().toLocaleTimeString([],{hour:"2-digit",minute:"2-digit",timeZone:contact.time_zone});return a3("header",{class:`head ${work.stage}`,children:[a3("p",{
class:"stage",children:[work.held?"On hold":STAGE[work.stage],call&&` · since ${clock(call.answered_at??call.started_at)}`]}),a3("h1",{id:"who",tabIndex:-1,children:nameOf(
work)}),a3("p",{children:[facts.filter(Boolean).join(" · "),local&&` · ${local} by their clock`]}),work.dialling&&a3("p",{role:"status",children:work.dialling})]})}
async function identify(work,body,key=crypto.randomUUID()){await must(api.POST("/api/v1/calls/{id}/identify/",{...ofOnce(work.call.id,key),body})),work.call.contact=
body.contact??null,work.matches=[],await complete(work),say(`The call is ${work.contact?.display_name??"known"}'s.`)}function Unknown({work}){let[person,set]=d2(
{surname:work.call?.from.name??"",name:"",email:""}),[same,setSame]=d2([]),field=name=>({name:`new_contact/${name==="email"?"emails":name}`,value:person[name],set:value=>set(
{...person,[name]:value})});return a3("section",{"aria-label":"Who is it?",children:[a3("h2",{children:"We do not know this number"}),a3(Form,{send:async key=>{
let{email,...names}=person,insist=same.length?{force:!0,reason:"The operator saw who is alike."}:{},new_contact={kind:"person",...names,emails:email?[{email}]:[],
...insist};try{await identify(work,{new_contact},key)}catch(problem){throw problem.code==="duplicate_contact"&&setSame(problem.body.candidates),problem}},name:"\
New contact",label:same.length?"Add them all the same":"Add them",children:problem=>a3($,{children:[a3("p",{class:"quiet",children:[display(work)," is theirs by\
 itself."]}),a3("div",{class:"row",children:[a3(Field,{label:"Surname",hot:"F",required:!0,...field("surname"),problem}),a3(Field,{label:"Name",...field("name"),
problem})]}),a3(Field,{label:"E-mail",type:"email",...field("email"),problem}),same.map(({contact,reasons})=>a3(Candidate,{id:contact,why:reasons,choose:()=>identify(
work,{contact})},contact))]})})]})}function Candidate({id,why,choose}){let contact=useLoad(id,()=>must(api.GET("/api/v1/contacts/{id}/",of(id))));return contact?
a3(Button,{onClick:choose,children:["It is ",contact.display_name," (the same ",why.join(", "),")"]}):null}function Correct({work,done}){let contact=work.contact,
[person,set]=d2({surname:contact.surname,name:contact.name,email:contact.emails[0]?.email??""}),field=name=>({name,value:person[name],set:value=>set({...person,
[name]:value})});return a3(Form,{send:async()=>{let emails=[...person.email?[{email:person.email}]:[],...contact.emails.slice(1)],params={path:{id:contact.id},header:{
"If-Match":`"${contact.version}"`}},{surname,name}=person;try{work.contact=await must(api.PATCH("/api/v1/contacts/{id}/",{params,body:{surname,name,emails}}))}catch(problem){
throw problem.status===412&&(work.contact=await must(api.GET("/api/v1/contacts/{id}/",of(contact.id))),draw()),problem}say("Corrected."),done(),draw()},name:"Co\
rrect the contact",label:"Correct",children:problem=>a3($,{children:[a3(Field,{label:"Surname",autofocus:!0,...field("surname"),problem}),a3(Field,{label:"Name",
...field("name"),problem}),a3(Field,{label:"E-mail",type:"email",...field("email"),name:"emails",problem})]})})}var line=(...parts)=>parts.filter(part=>typeof part==
"string"&&part).join(" · "),openLine=row=>line(row.number?.display??row.number,row.title??row.summary??row.name??row.note,words(row.status??row.state??""),row.
due_at&&`by ${clock(row.due_at)}`,row.total&&`${row.total} ${row.currency}`),pastLine=data=>line(data.disposition,data.note??data.text??data.summary,data.number);
function Who({work}){let[isWrong,setWrong]=d2(!1),{contact}=work,id=contact?.id??"",timeline=useLoad(id,()=>must(api.GET("/api/v1/contacts/{id}/timeline/",ofBy(
id,{page_size:6})))),open=Object.entries(work.open).flatMap(([kind,rows])=>rows.map(row=>({kind:words(kind).replace(/s$/,""),row}))).filter(({row})=>row.id!==work.
call?.id),choose=one=>work.call?identify(work,{contact:one.id}):(work.contact=one,draw());return!contact&&work.matches.length>1?a3("section",{"aria-label":"Who \
is it?",children:[a3("h2",{children:"Several have this number. Who is it?"}),work.matches.slice(0,9).map(({contact:one},n2)=>a3(Button,{hot:`Shift+${n2+1}`,onClick:()=>choose(
one),children:one.display_name},one.id))]}):contact?a3("section",{"aria-label":"About them",children:[a3("h2",{children:"Open for them"}),!open.length&&a3("p",{
class:"quiet",children:"Nothing is open."}),a3("ul",{children:open.map(({kind,row})=>a3("li",{children:[a3("b",{children:kind})," ",openLine(row),row.last_word&&
a3("blockquote",{children:row.last_word.text})]},row.id))}),a3("h2",{children:"What happened last"}),a3("ol",{class:"timeline",children:timeline?.results.map(one=>a3(
"li",{children:[a3("time",{children:day(one.at)})," ",a3("b",{children:words(one.kind)})," ",pastLine(one.data)," ",a3("small",{children:one.by})]},one.id))}),isWrong&&
a3(Correct,{work,done:()=>setWrong(!1)}),!isWrong&&can("contacts_partial_update")&&a3(Button,{hot:"E",kind:"quiet",onClick:()=>setWrong(!0),children:"Correct th\
e contact"})]}):work.call&&can("calls_identify")?a3(Unknown,{work}):null}var origin=work=>work.call?{kind:"call",id:work.call.id}:work.hand?{kind:"attempt",id:work.hand.attempt}:void 0;function noted(work,text){work.draft.note=[work.
draft.note,text].filter(Boolean).join(`
`),work.pane=work.stage==="ended"?"writeup":"script",say(text),draw(),complete(Object.assign(work,{matches:[]})),document.getElementById("who")?.focus()}function Order({
work}){let contact=work.contact?.id??"",[typed,setTyped]=d2(""),[lines,setLines]=d2([]),[promotions,setPromotions]=d2([]),[comment,setComment]=d2(""),[quote,setQuote]=d2(),
search=typed.trim(),found=useLoad(search.length>1?search:"",()=>must(api.GET("/api/v1/products/",by({search,is_active:!0,page_size:6})))),offers=useLoad(contact,
()=>must(api.GET("/api/v1/contacts/{id}/offers/",of(contact)))),body={contact,promotions,lines:lines.map(({product,quantity})=>({product:product.id,quantity:quantity||
"1"}))},asked=JSON.stringify(body);if(A2(()=>{if(!lines.length)return setQuote(void 0);let isCurrent=!0,soon=setTimeout(()=>must(api.POST("/api/v1/orders/quote/",
{body})).then(told2=>isCurrent&&setQuote(told2),why=>say(why.message)),150);return()=>(clearTimeout(soon),void(isCurrent=!1))},[asked]),!contact)return a3("p",{
class:"quiet",children:"Say first who it is: an order is somebody's."});let amount=(at,quantity)=>setLines(lines.map((line2,n2)=>n2===at?{...line2,quantity}:line2)),
turn=code=>setPromotions(promotions.includes(code)?promotions.filter(it=>it!==code):[...promotions,code]),add=product=>{let at=lines.findIndex(line2=>line2.product.
id===product.id);at<0?setLines([...lines,{product,quantity:"1"}]):amount(at,`${Number(lines[at].quantity)+1}`),setTyped(""),document.querySelector("[name=produc\
t]")?.focus()};return a3(Form,{send:async key=>{if(search&&found?.results[0])return add(found.results[0]);if(!lines.length)throw new Problem(0,{detail:"Look for\
 a product first."});let whole={...body,comment,place:!0,phone:number(work),origin:origin(work)},placed=await must(api.POST("/api/v1/orders/",{...firstTime(key),
body:whole}));noted(work,`Order ${placed.number} is placed: ${placed.total} ${placed.currency}.`)},name:"Order",label:lines.length&&!typed?"Place the order":"Ta\
ke the first",children:problem=>a3($,{children:[a3(Field,{label:"Product",name:"product",type:"search",hot:"P",autofocus:!0,autocomplete:"off",value:typed,set:setTyped}),
typed&&a3("ul",{class:"found",children:[found?.results.map(one=>a3("li",{children:a3(Button,{onClick:()=>add(one),children:[one.name," ",a3("b",{children:[one.price,
" ",one.currency]})]})},one.id)),found?.results.length===0&&a3("li",{class:"quiet",children:"No such product."})]}),lines.map(({product,quantity},n2)=>a3("div",
{class:"row item",children:[a3(Field,{label:product.name,name:`lines/${n2}/quantity`,type:"number",min:"0",step:"any",value:quantity,set:value=>amount(n2,value),
problem}),a3("output",{children:[quote?.lines[n2]?.total," ",quote?.currency]}),a3(Button,{kind:"quiet",onClick:()=>setLines(lines.filter(line2=>line2.product!==
product)),children:["Remove",a3("span",{class:"for-ears",children:[" ",product.name]})]})]},product.id)),lines.length>0&&offers?.offers.map(({code,title})=>a3(Tick,
{label:title,on:promotions.includes(code),set:()=>turn(code),children:quote?.promotions.find(it=>it.code===code)?.reasons?.map(why=>a3("em",{children:why.detail},
why.code))},code)),lines.length>0&&a3($,{children:[a3(Field,{label:"Comment",name:"comment",value:comment,set:setComment,problem}),a3("p",{class:"total","aria-l\
ive":"polite",children:["To be paid: ",a3("b",{children:quote?`${quote.total} ${quote.currency}`:"…"})]})]})]})})}function Complaint({work,lists}){let[told2,set]=d2(
{topic:work.draft.topic,summary:"",severity:"medium",remedy_sought:"",decision_text:"",redress:"none"}),[isSolved,setSolved]=d2(!1),field=name=>({name,value:told2[name],
set:value=>set({...told2,[name]:value})}),text=told2.summary.trim(),query=by({text,topic:told2.topic||void 0}),alike=useLoad(text.length>8?text:"",()=>must(api.
GET("/api/v1/complaints/suggestions/",query)));return a3(Form,{send:async key=>{let{topic,decision_text,redress,severity,...rest}=told2,solve={decision:"upheld",
decision_text,redress},body={...rest,severity,topic:topic||null,contact:work.contact?.id,phone:number(work),origin:origin(work),...isSolved&&{solve}},{number:name}=await must(
api.POST("/api/v1/complaints/",{...firstTime(key),body}));work.draft.topic||=topic,noted(work,`Complaint ${name}: ${told2.summary}${isSolved?". Solved at once.":
""}`)},name:"Complaint",label:isSolved?"Write it down as solved":"Take it and pass it on",children:problem=>a3($,{children:[a3(Field,{label:"In a line",required:!0,
autofocus:!0,hot:"I",autocomplete:"off",...field("summary"),problem}),a3("div",{class:"row",children:[a3(Field,{label:"Category",...field("topic"),problem,children:a3(
Options,{of:lists.topics,none:"None"})}),a3(Field,{label:"How bad",...field("severity"),problem,children:a3(Options,{of:named("low","medium","high","critical")})})]}),
alike?.articles.slice(0,2).map(one=>a3("p",{class:"hint",children:[a3("b",{children:one.title})," ",one.short_answer]},one.article)),a3(Field,{label:"What they \
ask for",...field("remedy_sought"),problem}),a3(Tick,{label:"Solved at once",hot:"V",on:isSolved,set:()=>setSolved(!isSolved)}),isSolved&&a3($,{children:[a3(Field,
{label:"What they were told",required:!0,...field("decision_text"),name:"solve/decision_text",problem}),a3(Field,{label:"What they get",...field("redress"),name:"\
solve/redress",problem,children:a3(Options,{of:named("none","replacement","repair","apology")})})]})]})})}var Choices=({of:of2,choose})=>a3($,{children:of2.map((one,n2)=>a3(Button,{hot:n2<9?`Shift+${n2+1}`:void 0,onClick:()=>choose(one.value),children:one.label},one.
value))});function Script({work}){let call=work.call&&work.stage!=="ringing"?work.call.id:"",run=T2(void 0),[step,setStep]=d2(""),[said,setSaid]=d2(""),topic=work.
draft.topic||void 0,told2=useLoad(work.call?`${work.call.id} ${topic??""}`:"",()=>must(api.GET("/api/v1/calls/{id}/script/",ofBy(work.call.id,{topic})))),script=work.
hand?.script??told2?.script;if(A2(()=>{script&&(setStep(script.steps[0].key),run.current=void 0,!(!call||!can("calls_script_runs"))&&(run.current=must(api.POST(
"/api/v1/calls/{id}/script-runs/",{...of(call),body:{script_version:script.script_version}})),run.current.then(begun=>begun?.steps.length&&begun.next_step&&setStep(
begun.next_step),problem=>say(problem.message))))},[script?.script_version,call]),!script)return a3("p",{class:"quiet",children:"There is no script for this cal\
l."});let now=script.steps.find(one=>one.key===step)??script.steps[0],pass=async answer=>{let going=await run.current;if(!going)return setStep(now.next.find(rule=>rule.
holds!==!1)?.goto??step);let body={sequence:going.steps.length+1,step:now.key,...answer===void 0?{}:{answer}},after=await must(api.POST("/api/v1/script-runs/{id\
}/steps/",{...of(going.id),body}));run.current=Promise.resolve(after),setSaid(""),after.next_step&&setStep(after.next_step)},place=script.steps.indexOf(now)+1;return a3(
"section",{"aria-label":"Script",children:[a3("p",{class:"quiet",children:[script.name," · step ",place," of ",script.steps.length]}),a3("p",{class:"speak","ar\
ia-live":"polite",children:now.text}),now.choices?.length?a3(Choices,{of:now.choices,choose:pass}):now.kind==="ask"||now.kind==="field"?a3(Form,{name:"Their ans\
wer",label:"Next",send:()=>pass(said),children:problem=>a3(Field,{label:"Their answer",name:"answer",hot:"I",value:said,set:setSaid,problem})}):now.kind!=="end"&&
a3(Button,{hot:"N",kind:"main",onClick:()=>pass(),children:"Next"}),place>1&&a3(Button,{hot:"Backspace",kind:"quiet",onClick:()=>setStep(script.steps[place-2].key),
children:"Back"})]})}var SPANS={nps:[0,10],csat:[1,5],ces:[1,7]};function Survey({work}){let[going,setGoing]=d2(),[said,setSaid]=d2([]),begin2=async()=>{let body={
attempt:work.hand.attempt,call:work.call?.id};setGoing(await must(api.POST("/api/v1/survey-responses/",{body})))};if(!going)return a3("section",{"aria-label":"S\
urvey",children:a3(Button,{hot:"N",kind:"main",onClick:begin2,children:"Begin the survey"})});let asked=going.question;if(!asked)return a3("section",{"aria-labe\
l":"Survey",children:a3("p",{class:"speak",children:going.thanks||words(going.state)})});let answer=async value=>{let body={question:asked.key,value};setGoing(await must(
api.POST("/api/v1/survey-responses/{id}/answer/",{...of(going.id),body}))),setSaid([])},turn=value=>setSaid(said.includes(value)?said.filter(it=>it!==value):[...said,
value]),isNumber=["scale","nps","csat","ces","number"].includes(asked.kind),[low,high]=SPANS[asked.kind]??[asked.low??0,asked.high??0];return a3("section",{"ari\
a-label":"Survey",children:[!going.answered&&a3("p",{class:"speak",children:going.greeting}),a3("p",{class:"speak","aria-live":"polite",children:asked.text}),asked.
hint&&a3("p",{class:"quiet",children:asked.hint}),isNumber&&high>low&&high-low<=10?a3("div",{class:"row",children:Array.from({length:high-low+1},(_3,n2)=>low+n2).
map(one=>a3(Button,{hot:`Shift+${one%10}`,onClick:()=>answer(one),children:one},one))}):asked.kind==="single"?a3(Choices,{of:asked.choices,choose:answer}):a3(Form,
{name:"Their answer",label:"Next",send:()=>answer(asked.kind==="multi"?said:isNumber?Number(said[0]):said[0]??""),children:problem=>asked.kind==="multi"?asked.choices.
map(one=>a3(Tick,{label:one.label,on:said.includes(one.value),set:()=>turn(one.value)},one.value)):a3(Field,{label:"Their answer",name:"value",hot:"I",type:isNumber?
"number":asked.kind==="date"?"date":"text",value:said[0]??"",set:value=>setSaid([value]),problem})}),!asked.is_required&&a3(Button,{kind:"quiet",hot:"N",onClick:()=>answer(
null),children:"Pass over"})]})}function Answers({work,lists}){let[typed,setTyped]=d2(""),[read,setRead]=d2(),{topic}=work.draft,call=work.call?.id,language=work.
contact?.language||void 0,ready=useLoad(`${work.id} ${topic} ${work.contact?.id}`,()=>call?must(api.GET("/api/v1/calls/{id}/answers/",ofBy(call,{topic:topic||void 0}))):
must(api.GET("/api/v1/articles/answers/",by({topic:topic||void 0,contact:work.contact?.id,language})))),search=typed.trim(),found=useLoad(search.length>1?search:
"",()=>must(api.GET("/api/v1/articles/",by({search,page_size:6})))),list=search.length>1?found?.results.map((one,n2)=>({key:n2+1,article:one.id,title:one.shown?.
title??"",short_answer:one.shown?.short_answer??""})):ready?.results,use=async(article,more)=>{let body={article,topic:topic||void 0,...more};call&&can("calls_a\
nswered")&&await must(api.POST("/api/v1/calls/{id}/answers/",{...of(call),body}))},helped=async()=>{await use(read.article,{helpful:!0}),say("Noted: it helped."),
setRead(void 0)};return a3("section",{"aria-label":"Ready answers",children:[a3("h2",{children:"Ready answers"}),work.pane!=="writeup"&&a3(Field,{label:"What is\
 it about?",name:"topic",hot:"T",value:topic,set:value=>(work.draft.topic=value,draw()),children:a3(Options,{of:lists.topics,none:"Not known yet"})}),a3(Field,{
label:"Look for",name:"look",hot:"L",type:"search",value:typed,set:setTyped,autocomplete:"off"}),read&&a3("article",{"aria-live":"polite",children:[a3("h3",{children:read.
title}),a3("p",{class:"speak",children:read.short_answer}),a3(Button,{hot:"H",kind:"quiet",onClick:helped,children:"It helped"})]}),a3("ol",{class:"answers",children:[
list?.map(one=>a3("li",{children:a3(Button,{hot:work.pane==="writeup"?void 0:`${one.key}`,pressed:read?.article===one.article,onClick:()=>(setRead(one),use(one.
article,search?{}:{key:one.key})),children:one.title})},one.article)),list?.length===0&&a3("li",{class:"quiet",children:"Nothing was found."})]})]})}function Offers({
work}){let id=work.contact?.id??"",can_have=useLoad(id,()=>must(api.GET("/api/v1/contacts/{id}/offers/",of(id)))),campaign=work.hand?.promotion,others=can_have?.
offers.filter(one=>one.code!==campaign?.code).slice(0,3)??[],said=campaign?[campaign,...others]:others;return said.length?a3("section",{"aria-label":"What can b\
e offered",children:[a3("h2",{children:"What can be offered"}),a3("ul",{children:said.map(one=>a3("li",{children:[a3("b",{children:one.code})," ",one.what_to_say]},
one.code))})]}):null}var effect=way=>[way.suppress_scope==="all"&&"They are not contacted any more.",way.suppress_scope==="purpose"&&"They are not contacted for this purpose any mor\
e.",way.number_invalid&&"The number is marked as not existing."].filter(Boolean).join(" ");async function save(work,key){let{topic,disposition,note,at}=work.draft,
body={disposition,note,topics:topic?[topic]:[],...at?{callback:{local_time:at,note}}:{}},{hand,owed}=work;hand?await must(api.POST("/api/v1/attempts/{id}/report\
/",{...ofOnce(hand.attempt,key),body:{...body,token:hand.token}})):work.call?await must(api.POST("/api/v1/calls/{id}/wrap-up/",{...ofOnce(work.call.id,key),body})):
owed?.kind==="callback"?await must(api.POST("/api/v1/callbacks/{id}/complete/",{...ofOnce(owed.id,key),body:{result:note}})):await must(api.POST("/api/v1/return\
-calls/{id}/complete/",{...ofOnce(owed.id,key),body:{result:note}})),say("Written up."),drop(work)}function WriteUp({work,lists}){let{draft}=work,direction=work.
call?.direction==="outbound"||work.hand?"outbound":"inbound",fitting=lists.ways?.filter(one=>["any",direction].includes(one.direction)&&(work.talk_s??0)>=one.min_talk_s),
ways=!work.hand&&!work.call?[]:work.hand?.dispositions??fitting??[],way=ways.find(one=>one.code===draft.disposition),put=some=>(Object.assign(draft,some),draw()),
field=name=>({value:draft[name],set:value=>put({[name]:value})});F2(()=>{ways.length&&!isTyping()&&!way&&document.querySelector("[name=disposition]")?.focus()},
[ways.length]),F2(()=>{if(!way||isTyping())return;let missing=way.callback&&!draft.at&&"[name=at]"||way.needs_topic&&!draft.topic&&"[name=topics]"||way.needs_note&&
!draft.note&&"[name=note]"||"form[aria-label='Write-up'] [type=submit]";document.querySelector(missing)?.focus()},[draft.disposition]);let groups=[...new Set(ways.
map(one=>one.group))];return a3(Form,{send:key=>save(work,key),name:"Write-up",label:work.stage==="talking"?"Save when it is over":"Save",children:problem=>a3($,
{children:[a3("div",{class:"ways",children:groups.map(group=>a3("fieldset",{children:[a3("legend",{children:group||"How it came out"}),ways.filter(one=>one.group===
group).map(one=>{let place=ways.indexOf(one),key=place<10?`${(place+1)%10}`:void 0;return a3("label",{class:"choice",children:[a3("input",{type:"radio",name:"di\
sposition",required:!0,value:one.code,checked:draft.disposition===one.code,...keyed(key),onChange:()=>put({disposition:one.code})}),a3(Key,{of:key}),one.name]},
one.code)})]},group))}),way&&effect(way)&&a3("p",{class:"hint",children:effect(way)}),wrong(problem,"disposition")&&a3("em",{children:wrong(problem,"disposition")}),
way?.callback&&a3(Field,{label:"Call back at, by their clock",name:"at",type:"datetime-local",required:!0,...field("at"),problem}),ways.length>0&&a3(Field,{label:"\
What it was about",name:"topics",required:way?.needs_topic,...field("topic"),problem,children:a3(Options,{of:lists.topics,none:"Nothing in particular"})}),a3(Field,
{label:"Note",name:"note",rows:3,hot:"I",required:way?.needs_note,...field("note"),problem})]})})}function SignIn(){let[words2,set]=d2({username:"",password:"",token:""}),field=name=>({name,value:words2[name],set:value=>set({...words2,[name]:value})});return a3(
"main",{class:"sign-in",children:[a3("h1",{children:"Good day"}),a3(Form,{send:async()=>{let{token,...login}=words2;await start(token.trim()||(await must(api.POST(
"/api/v1/tokens/",{body:{...login,name:"The desk"}}))).token)},name:"Sign in",label:"Sign in",children:problem=>a3($,{children:[a3(Field,{label:"Name",autofocus:!0,
autocomplete:"username",...field("username"),problem}),a3(Field,{label:"Password",type:"password",autocomplete:"current-password",...field("password"),problem}),
a3(Field,{label:"or a token",type:"password",autocomplete:"off",...field("token"),problem})]})})]})}function Window({name,close,children}){let window=T2(null);return F2(
()=>window.current?.showModal(),[]),a3("dialog",{ref:window,"aria-label":name,onClose:close,children:[a3("h2",{children:name}),children,a3(Button,{hot:"Escape",
kind:"quiet",onClick:()=>window.current?.close(),children:"Close"})]})}function Breaks({codes,close}){let rest=async code=>{desk.agent={...desk.agent,...await must(
api.POST("/api/v1/agents/me/pause/",{body:{code}}))},close(),draw()};return a3(Window,{name:"Take a break",close,children:codes?.slice(0,9).map((one,n2)=>a3(Button,
{hot:`${n2+1}`,onClick:()=>rest(one.code),children:[one.name,one.time_limit_s&&` · ${one.time_limit_s/60} min`,one.requires_approval&&" · is asked for"]},one.
code))})}function Help({close}){let[keys]=d2(()=>[...document.querySelectorAll("[data-key]")].map(one=>{let named2=(one.closest("label")??one).cloneNode(!0);return named2.
querySelectorAll("kbd, select, textarea").forEach(part=>part.remove()),[one.dataset.key,named2.textContent.trim()]})),[isAlt,setAlt]=d2(!!localStorage.getItem(LETTERS)),
choose=()=>(isAlt?localStorage.removeItem(LETTERS):localStorage.setItem(LETTERS,"1"),setAlt(!isAlt));return a3(Window,{name:"Keys",close,children:[a3("p",{children:"\
Keys work where you do not type; with Alt they work everywhere. Escape leaves a field, Ctrl+Enter sends a form."}),a3("ul",{class:"keys",children:keys.map(([key,
what])=>a3("li",{children:[a3(Key,{of:key})," ",what]},key+what))}),a3(Tick,{label:"Only with Alt",on:isAlt,set:choose})]})}function Bar({codes}){let[open,setOpen]=d2(
""),{agent}=desk,available=async()=>{desk.agent={...agent,...await must(api.POST("/api/v1/agents/me/available/",{}))},draw()},micro=async take=>{desk.agent={...agent,
...await must(api.POST("/api/v1/agents/me/micro-pause/",{body:{take}})),micro_pause:null},draw()},line2={connecting:"Connecting …",live:"Live",waiting:"Coming\
 back …",ended:"Ended"}[desk.line];return a3("header",{class:"bar",children:[a3("p",{children:[a3("b",{children:desk.me.display_name})," ",agent&&a3("span",{class:`\
state ${agent.state}`,children:[words(agent.state),agent.pause_code&&`: ${words(agent.pause_code)}`]}),a3("span",{class:`line ${desk.line}`,id:"line",children:line2})]}),
agent&&a3("nav",{"aria-label":"How you stand",children:[["paused","lagged","offline"].includes(agent.state)&&a3(Button,{hot:"A",kind:"main",onClick:available,children:"\
Available"}),a3(Button,{hot:"B",onClick:()=>setOpen("break"),children:"Break"}),a3(Button,{hot:"?",kind:"quiet",onClick:()=>setOpen("help"),children:"Keys"}),a3(
Button,{hot:"Q",kind:"quiet",onClick:signOut,children:"Sign out"})]}),desk.why&&a3("p",{class:"problem",children:desk.why}),agent?.pending_pause&&a3("p",{class:"\
hint",children:"Your break begins after this call."}),agent?.asked_pause&&a3("p",{class:"hint",children:"Your lead is asked for the pause."}),agent?.conflict&&a3(
"p",{class:"hint",children:[words(agent.conflict),"."]}),agent?.break_due&&agent.state!=="paused"&&a3("p",{class:"hint rest",id:"break-due",children:[a3("b",{children:agent.
break_due.text})," ",agent.break_due.stretch]}),agent?.micro_pause&&a3("p",{class:"hint rest",children:[agent.micro_pause.text," ",a3(Button,{hot:"M",onClick:()=>micro(
!0),children:"Take a moment"}),a3(Button,{kind:"quiet",onClick:()=>micro(!1),children:"No, thank you"})]}),desk.announcements.map(one=>a3("p",{class:"hint",children:[
one.text," ",a3("small",{children:one.by})]},one.announcement)),open==="break"&&a3(Breaks,{codes,close:()=>setOpen("")}),open==="help"&&a3(Help,{close:()=>setOpen(
"")})]})}function Outgoing({work}){let{hand,owed}=work,dial=async()=>{if(hand)await must(api.POST("/api/v1/attempts/{id}/dial/",{...of(hand.attempt),body:{token:hand.
token}}));else{let{phone,contact,kind,id}=owed,body={phone,contact:contact??void 0,reason:kind,purpose:"service",origin:{kind,id}};await must(api.POST("/api/v1/\
call-requests/",{body}))}work.dialling="Your phone rings in a moment.",draw()},back=async()=>{hand?await must(api.POST("/api/v1/attempts/{id}/release/",{...of(hand.
attempt),body:{token:hand.token}})):owed.kind==="callback"?await must(api.POST("/api/v1/callbacks/{id}/release/",{...of(owed.id),body:{}})):await must(api.POST(
"/api/v1/return-calls/{id}/release/",of(owed.id))),drop(work)};return a3("section",{"aria-label":"Why they are called",class:"outgoing",children:[a3("p",{children:hand?
a3($,{children:[a3("b",{children:hand.campaign.name})," · ",hand.because," · attempt ",hand.number_of_attempt]}):owed.why}),hand?.campaign.about&&a3("p",{class:"\
hint",children:hand.campaign.about}),hand?.promise&&a3("p",{class:"hint",children:["Promised for ",hand.promise.local_time.slice(11,16)," by their clock. ",hand.
promise.note]}),hand?.attempts.map(one=>a3("p",{class:"quiet",children:["Attempt ",one.number,": ",clock(one.at)," ",words(one.disposition??one.outcome)]},one.number)),
work.stage==="ready"&&a3("p",{class:"row",children:[a3("a",{href:`tel:${number(work)}`,children:display(work)}),can(hand?"attempts_dial":"call_requests_create")&&
a3(Button,{hot:"D",kind:"main",onClick:dial,children:"Call them"}),a3(Button,{hot:"X",kind:"quiet",onClick:back,children:"Give back"})]})]})}function Before({work,
lists}){let panes=[["script","Script","S",!0],["survey","Survey","Y",!!work.hand?.survey_version&&can("survey_responses_create")],["order","Order","O",can("orde\
rs_create")],["complaint","Complaint","C",can("complaints_create")],["writeup","Write up","W",work.stage!=="ringing"]],open=pane=>(work.pane=pane,draw());return a3(
"main",{class:`work ${work.stage}`,children:[a3(Head,{work}),a3("div",{class:"pane",children:[(work.hand||work.owed)&&a3(Outgoing,{work}),a3("nav",{"aria-label":"\
What to do",class:"panes",children:panes.filter(([,,,may])=>may).map(([pane,name,key])=>a3(Button,{hot:key,pressed:work.pane===pane,onClick:()=>open(pane),children:name},
pane))}),work.pane==="script"&&a3(Script,{work}),work.pane==="survey"&&a3(Survey,{work}),work.pane==="order"&&a3(Order,{work}),work.pane==="complaint"&&a3(Complaint,
{work,lists}),work.pane==="writeup"&&a3(WriteUp,{work,lists})]}),a3("aside",{class:"answers-side","aria-label":"Answers and offers",children:[a3(Answers,{work,lists}),
a3(Offers,{work})]}),a3("aside",{class:"who-side","aria-label":"The caller",children:a3(Who,{work})})]},work.id)}function Quiet(){let[nobody,setNobody]=d2(""),next=async()=>{
let{in_hand,next_at}=await must(api.POST("/api/v1/agents/me/next/",{}));setNobody(in_hand?"":`Nobody can be called now.${next_at?` Ask again at ${clock(next_at)}\
.`:""}`),in_hand&&takeInHand(in_hand)},owed=async()=>{let back=await must(api.POST("/api/v1/callbacks/next/",{}));if(back)return owe({...back,kind:"callback",why:`\
Promised for ${clock(back.at)}. ${back.note}`});let call=await must(api.POST("/api/v1/return-calls/next/",{})),why=call&&`${words(call.reason)} · called ${call.
times_called} × · ${call.note}`;if(call)return owe({...call,kind:"return_call",phone:call.number.e164??"",why});setNobody("Nobody is owed a call.")};return a3(
"main",{class:"quiet-time",children:[a3("h1",{id:"who",tabIndex:-1,children:"Nothing rings"}),a3("p",{children:"A call pops up here by itself. Meanwhile:"}),a3(
"p",{class:"row",children:[can("campaigns_my_next")&&a3(Button,{hot:"N",kind:"main",onClick:next,children:"Next contact of a campaign"}),can("return_calls_next")&&
a3(Button,{hot:"R",onClick:owed,children:["Call that is owed",desk.owed?` (${desk.owed})`:""]})]}),a3("p",{role:"status",children:nobody})]})}function Desk(){let lists=useLoad(
desk.me?.id??"",readLists);if(!desk.me)return a3(SignIn,{});let work=shown(),others=desk.works.filter(one=>one!==work);return a3($,{children:[a3(Bar,{codes:lists?.
codes}),others.length>0&&a3("nav",{class:"others","aria-label":"What else waits",children:others.map((one,n2)=>a3(Button,{hot:n2?void 0:"G",kind:one.stage,onClick:()=>show(
one,!0),children:[words(one.stage==="ended"?"to write up":one.stage),": ",one.contact?.display_name??(display(one)||"Internal call")]},one.id))}),work?a3(Before,
{work,lists:lists??{}}):a3(Quiet,{})]})}drawWith(()=>{let ringing=desk.works.find(one=>one.stage==="ringing");document.title=ringing?`☎ ${ringing.contact?.display_name??
number(ringing)}`:"Desk",Q(a3(Desk,{}),document.getElementById("desk"))});var kept=sessionStorage.getItem("token");kept&&start(kept).catch(problem=>(sessionStorage.
removeItem("token"),say(problem.message),draw()));draw();})();
